/**
 * How the user called `gt`, so that advice can be typed as it stands: through npm in a clone, else
 * by its name. Inside a polecat it is on the PATH, whatever its machine was started with.
 */
export function callName(env: Readonly<Record<string, string | undefined>>): "gt" | "npx gt" {
  return env["npm_command"] !== undefined && env["GT_SOCKET"] === undefined ? "npx gt" : "gt";
}
