import { expect, test } from "vitest";
import { projectPaths, projectSources } from "./sources.ts";
import { badNames, tidy } from "./tidy.ts";

const whats = (path: string, text: string) => tidy({ path, text }).map(({ what }) => what);
const lines = (count: number) => Array.from({ length: count }, (_, n) => `  run(${n});`).join("\n");

test("every file of the project is tidy", () => {
  const sources = projectSources();
  expect(sources.length).toBeGreaterThan(20);
  expect(sources.flatMap(tidy)).toEqual([]);
});

test("every name in the project says something", () => {
  const paths = projectPaths().filter((path) => !path.startsWith("proto/gen/"));
  expect(paths.flatMap(badNames)).toEqual([]);
});

test("100 columns are tidy, 101 are not, and a letter is a column however it is encoded", () => {
  expect(whats("a.ts", `// ${"x".repeat(97)}`)).toEqual([]);
  expect(whats("a.ts", `// ${"…".repeat(97)}`)).toEqual([]);
  expect(whats("a.ts", `\n// ${"x".repeat(98)}`)).toEqual(["101 columns, at most 100"]);
  expect(whats("a.proto", "x".repeat(101))).toEqual(["101 columns, at most 100"]);
});

test.for([
  (body: string) => `function f() {\n${body}\n}`,
  (body: string) => `const f = () => {\n${body}\n};`,
  (body: string) => `const f = function () {\n${body}\n};`,
  (body: string) => `class C {\n  async m<T>(x: T) {\n${body}\n}\n}`,
])("70 lines a function are tidy, 71 are not: %s", (wrap) => {
  expect(whats("a.ts", wrap(lines(68)))).toEqual([]);
  expect(whats("a.ts", wrap(lines(69)))).toEqual(["71 lines, at most 70 a function"]);
});

test("a finding names the line where the function starts", () => {
  const text = `// why\n\nconst f = () => {\n${lines(80)}\n};\n`;
  expect(tidy({ path: "a.ts", text })).toMatchObject([{ path: "a.ts", line: 3 }]);
});

test("what Node 22 cannot read is left to tests, which vitest lowers", () => {
  const text = "{ await using home = await folder(); }";
  expect(whats("services/a.ts", text)).toEqual(['Node 22 cannot read "await using"']);
  expect(whats("services/a.test.ts", text)).toEqual([]);
});

test("300 lines a file are tidy, 301 are not", () => {
  expect(whats("a.ts", `${lines(300)}\n`)).toEqual([]);
  expect(whats("a.ts", `${lines(301)}\n`)).toEqual(["301 lines, at most 300 a file"]);
});

test("what cannot be parsed is a finding, not a silence", () => {
  expect(whats("a.ts", "function (")).toEqual([expect.stringContaining("cannot be parsed")]);
});

test.for([
  "services/git/index.ts",
  "services/git/gitUtils.ts",
  "services/git/git-utils.ts",
  "services/helpers/git.ts",
  "services/git/session-manager.ts",
  "services/git/types.ts",
  "services/git/WorkTree.ts",
  "services/git/work_tree.ts",
])("%s is no name", (path) => {
  expect(badNames(path)).not.toEqual([]);
});

test.for([
  "services/git/worktree.test.ts",
  "proto/gastown/v1/work_service.proto",
  "LICENSE",
  ".ci/run",
  "test/chaos/cut.netns.test.ts",
])("%s is a name", (path) => {
  expect(badNames(path)).toEqual([]);
});
