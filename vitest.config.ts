import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineConfig } from "vitest/config";

// Tests that cut links with network namespaces need root; they run by `GT_TEST_NETNS=1 npm test`.
const needsNamespaces = process.env["GT_TEST_NETNS"] === "1" ? [] : ["**/*.netns.test.ts"];

export default defineConfig({
  test: {
    include: ["{deploy,proto,rig-agent,services,test,town}/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/.gastown/**", ...needsNamespaces],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    teardownTimeout: 10_000,
    // Towns of tests are none that the user's own `gt` should find.
    env: { NO_COLOR: "1", XDG_STATE_HOME: join(tmpdir(), `gt-test-state-${process.pid}`) },
  },
});
