import { fileURLToPath } from "node:url";
import { cook, type Proto } from "./cook.ts";
import { readFormula } from "./read-formula.ts";

/** The molecule that every polecat works through unless its bead says otherwise. */
export const polecatWork = "mol-polecat-work";

/** A cooked formula with its provenance. */
export type Recipe = {
  readonly proto: Proto;
  readonly file: string;
  readonly hash: string;
  readonly warnings: readonly string[];
};

/**
 * Read and cook a formula of the built-in library. The rig's, the town's and the user's folders
 * will be searched before it.
 */
export async function loadRecipe(name: string): Promise<Recipe> {
  const path = fileURLToPath(new URL(`./library/${name}.formula.toml`, import.meta.url));
  const { formula, file, hash, warnings } = await readFormula(path);
  return { proto: cook(formula), file, hash, warnings };
}
