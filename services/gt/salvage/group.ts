import { example, type VerbGroup } from "../verb.ts";

/** `gt salvage`: what attempts left at the remotes of their rigs. */
export const salvageVerbs: VerbGroup = {
  name: "salvage",
  summary: "what workers left that has not landed",
  help: example("gt salvage list", "gt salvage restore alpha-k3f9@4.2"),
  verbs: [
    {
      name: "list",
      summary: "left work, by rig and bead",
      isDefault: true,
      load: () => import("./list.ts"),
    },
    { name: "show", summary: "one attempt's, as a patch", load: () => import("./show.ts") },
    {
      name: "restore",
      summary: "go on from it, or put it on a branch",
      changes: true,
      load: () => import("./restore.ts"),
    },
    {
      name: "release",
      summary: "let go of it: collected after an age",
      changes: true,
      load: () => import("./release.ts"),
    },
  ],
};
