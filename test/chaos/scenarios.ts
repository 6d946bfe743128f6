import type { Scenario } from "./scenario.ts";
import { answerLost } from "./scenarios/answer-lost.ts";
import { authorityLost } from "./scenarios/authority-lost.ts";
import { authorityMoved } from "./scenarios/authority-moved.ts";
import { authorityPaused } from "./scenarios/authority-paused.ts";
import { authorityRefDeleted } from "./scenarios/authority-ref-deleted.ts";
import { blockedLoop } from "./scenarios/blocked-loop.ts";
import { busKilled } from "./scenarios/bus-killed.ts";
import { busWiped } from "./scenarios/bus-wiped.ts";
import { capacityKept } from "./scenarios/capacity-kept.ts";
import { cloneBeside } from "./scenarios/clone-beside.ts";
import { cutNetwork } from "./scenarios/cut-network.ts";
import { diskFull } from "./scenarios/disk-full.ts";
import { diskRestored } from "./scenarios/disk-restored.ts";
import { drainPartitioned } from "./scenarios/drain-partitioned.ts";
import { drained } from "./scenarios/drained.ts";
import { flappingLinks } from "./scenarios/flapping-links.ts";
import { halfOpenBus } from "./scenarios/half-open-bus.ts";
import { handedOff } from "./scenarios/handed-off.ts";
import { homeReplaced } from "./scenarios/home-replaced.ts";
import { humanPushes } from "./scenarios/human-pushes.ts";
import { killedInLanding } from "./scenarios/killed-in-landing.ts";
import { killedInSpawn } from "./scenarios/killed-in-spawn.ts";
import { killedMidWork } from "./scenarios/killed-mid-work.ts";
import { oneWayBus } from "./scenarios/one-way-bus.ts";
import { pausedLong } from "./scenarios/paused-long.ts";
import { pausedShort } from "./scenarios/paused-short.ts";
import { remoteAway } from "./scenarios/remote-away.ts";
import { remoteRestored } from "./scenarios/remote-restored.ts";
import { remoteRewound } from "./scenarios/remote-rewound.ts";
import { slowLinks } from "./scenarios/slow-links.ts";
import { tornPush } from "./scenarios/torn-push.ts";
import { townAndAuthorityGone } from "./scenarios/town-and-authority-gone.ts";
import { townAndBusDead } from "./scenarios/town-and-bus-dead.ts";
import { townKilled } from "./scenarios/town-killed.ts";
import { twoIdentities } from "./scenarios/two-identities.ts";

/** Every scenario, in the order in which they are run. */
export const scenarios: readonly Scenario[] = [
  answerLost,
  authorityLost,
  authorityMoved,
  authorityPaused,
  authorityRefDeleted,
  blockedLoop,
  busKilled,
  busWiped,
  capacityKept,
  cloneBeside,
  cutNetwork,
  diskFull,
  diskRestored,
  drainPartitioned,
  drained,
  flappingLinks,
  halfOpenBus,
  handedOff,
  homeReplaced,
  humanPushes,
  killedInLanding,
  killedInSpawn,
  killedMidWork,
  oneWayBus,
  pausedLong,
  pausedShort,
  remoteAway,
  remoteRestored,
  remoteRewound,
  slowLinks,
  tornPush,
  townAndAuthorityGone,
  townAndBusDead,
  townKilled,
  twoIdentities,
];
