import { expect, test } from "vitest";
import { type UpStory, upText } from "./tell-up.ts";

const story: UpStory = {
  call: "npx gt",
  home: "/h",
  flag: "",
  address: "127.0.0.1:7420",
  townWasUp: false,
  bus: "started",
  started: ["host"],
  machines: ["host"],
  insecure: false,
};

test("a new town comes with how to join it and with the next steps, the sling among them", () => {
  const text = upText(story);
  expect(text).toContain("The town is up at 127.0.0.1:7420, with machine host; its home is /h.\n");
  expect(text).toContain("npx gt join --town 127.0.0.1:7420 --machine vm-b\n");
  expect(text).toContain("\n  npx gt sling <bead> --runtime shell");
});

test("of one that was up already the steps are not told again, but what was started is", () => {
  const was: UpStory = { ...story, townWasUp: true, bus: "running", started: [] };
  expect(upText(was)).toBe(
    "The town was up already at 127.0.0.1:7420, with machine host.\n" +
      "Another machine joins it by: npx gt join --town 127.0.0.1:7420 --machine vm-b\n",
  );
  expect(upText({ ...was, started: ["zz"], machines: ["host", "zz"] })).toContain(
    "The town was up already at 127.0.0.1:7420; machine zz started, beside host.\n",
  );
});

test("of a town that died alone it is told what was started, and what went on without it", () => {
  const died: UpStory = { ...story, bus: "running", started: ["zz"], machines: ["host", "zz"] };
  expect(upText(died)).toContain(
    "Started the town, machine zz at 127.0.0.1:7420; running already: the bus, machine host.\n",
  );
  expect(upText({ ...story, started: [], townWasUp: true })).toContain(
    "The town was up already at 127.0.0.1:7420; its bus started.\n",
  );
});

test("a home that would not be found is named in every line", () => {
  const lines = upText({ ...story, call: "gt", flag: " --home x" }).split("\n");
  const calls = lines.filter((line) => line.startsWith("  gt ") || line.includes(": gt join"));
  expect(calls).toHaveLength(6);
  expect(calls.every((line) => line.endsWith(" --home x"))).toBe(true);
});
