import { expect, test } from "vitest";
import { gateEnvironment } from "./gate-environment.ts";

test("a gate gets what builds need, and none of our settings or secrets", () => {
  const inherited = {
    PATH: "/bin",
    HOME: "/home/x",
    HTTPS_PROXY: "http://p",
    GT_TOKEN: "t",
    GT_TOWN: "127.0.0.1:1",
    GIT_DIR: "/elsewhere",
    NATS_URL: "nats://x",
    NPM_TOKEN: "s",
    AWS_SECRET_ACCESS_KEY: "s",
    ANTHROPIC_API_KEY: "s",
    SSH_AUTH_SOCK: "/tmp/a",
    NODE_OPTIONS: "--inspect",
    npm_lifecycle_event: "start",
    UNSET: undefined,
  };
  expect(gateEnvironment(inherited, { GT_SESSION: "gate-1" })).toEqual({
    PATH: "/bin",
    HOME: "/home/x",
    HTTPS_PROXY: "http://p",
    CI: "1",
    GIT_TERMINAL_PROMPT: "0",
    GT_SESSION: "gate-1",
  });
});
