import { cook } from "#services/molecules/cook.ts";
import type { Recipe } from "#services/molecules/library.ts";
import { parseFormula } from "#services/molecules/read-formula.ts";

const file = "mol-simulated.formula.toml";

/** As short as a molecule can be that a second worker may take up in its middle. */
const text = `
formula = "mol-simulated"
type = "workflow"
version = 1

[[steps]]
id = "implement"
title = "Do the work"

[[steps]]
id = "review"
title = "Look at it again"
needs = ["implement"]

[[steps]]
id = "submit"
title = "Hand it to the merge queue"
needs = ["review"]

[[steps]]
id = "exit-decision"
title = "Leave"
needs = ["submit"]

[[steps]]
id = "request-shutdown"
title = "Ask to be ended"
needs = ["exit-decision"]
`;

/** The molecule of a simulated town's polecats. */
export function shortRecipe(): Recipe {
  const { formula, hash, warnings } = parseFormula(text, file);
  return { proto: cook(formula), file, hash, warnings };
}
