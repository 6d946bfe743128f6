import { appendFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { capOutput, readOutput, tailOutput } from "./output.ts";

async function outputFile(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "gt-output-"));
  onTestFinished(() => rm(dir, { recursive: true }));
  return join(dir, "output.log");
}

test("output is read on from where the last page ended, whole lines at a time", async () => {
  const path = await outputFile();
  expect(await readOutput(path, 0)).toEqual({ lines: [], nextByte: 0 });
  await appendFile(path, "one\ntwö\nthr");
  expect(await readOutput(path, 0)).toEqual({ lines: ["one", "twö"], nextByte: 9 });
  expect(await tailOutput(path, 2)).toEqual(["twö", "thr"]);
  await appendFile(path, "ee\n");
  expect(await readOutput(path, 9)).toEqual({ lines: ["three"], nextByte: 15 });
});

test("full output is cut, and positions go on counting from the first byte", async () => {
  const path = await outputFile();
  const limits = { maxBytes: 10, keepBytes: 4 };
  await appendFile(path, "aaa\nbbb\nccc\n");
  await capOutput(path, limits);
  expect(await tailOutput(path, 9)).toEqual(["ccc"]);
  await appendFile(path, "ddd\n");
  expect(await readOutput(path, 0)).toEqual({ lines: ["ccc", "ddd"], nextByte: 16 });
  expect(await readOutput(path, 12)).toEqual({ lines: ["ddd"], nextByte: 16 });
  await appendFile(path, "eee\nfff\n");
  await capOutput(path, limits);
  expect(await readOutput(path, 0)).toEqual({ lines: ["fff"], nextByte: 24 });
});
