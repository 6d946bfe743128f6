import { AgentService } from "#proto/gastown/v1/agent_service_pb.ts";
import { AuditService } from "#proto/gastown/v1/audit_service_pb.ts";
import { EventService } from "#proto/gastown/v1/event_service_pb.ts";
import { FleetService } from "#proto/gastown/v1/fleet_service_pb.ts";
import { MailService } from "#proto/gastown/v1/mail_service_pb.ts";
import { MergeQueueService } from "#proto/gastown/v1/merge_queue_service_pb.ts";
import { MoleculeService } from "#proto/gastown/v1/molecule_service_pb.ts";
import { SalvageService } from "#proto/gastown/v1/salvage_service_pb.ts";
import { TownService } from "#proto/gastown/v1/town_service_pb.ts";
import { WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import type { Clock } from "#services/lifecycle/clock.ts";
import { type Served, type ServiceImpl, served } from "#services/rpc/method.ts";
import type { Ask } from "./agent/ask.ts";
import { followLogs } from "./agent/follow-logs.ts";
import { nudgeAgent } from "./agent/nudge-agent.ts";
import { listAgents, peekAgent } from "./agent/peek-agent.ts";
import type { ApiPorts } from "./api-ports.ts";
import { auditService } from "./audit/audit-service.ts";
import type { EventLog } from "./event/event-log.ts";
import { eventService } from "./event/watch-events.ts";
import { fleetLookUps } from "./fleet/look-ups.ts";
import { mailService } from "./mail/mail-service.ts";
import { getMergeRequest } from "./merge-queue/get-merge-request.ts";
import { listMergeRequests } from "./merge-queue/list-merge-requests.ts";
import { getMolecule } from "./molecule/get-molecule.ts";
import type { SalvagePorts } from "./salvage/salvage-ports.ts";
import { salvageService } from "./salvage/salvage-service.ts";
import { type TownPorts, townService } from "./town/town-service.ts";
import { workService } from "./work/work-service.ts";
import { workerMethods } from "./worker-methods.ts";
import type { WorkerPorts } from "./worker-ports.ts";

/** What town and rig-agent serve alike is made of. */
export type SharedPorts = ApiPorts &
  TownPorts &
  SalvagePorts & {
    readonly clock: Clock;
    readonly events: EventLog;
    readonly ask: Ask;
    /** What only a machine has for the workers that it runs; at the town nobody is a worker. */
    readonly workers: WorkerPorts;
    /** What only the town can do for machines and rigs. */
    readonly fleet: Partial<ServiceImpl<typeof FleetService>>;
  };

/** Every service of `gastown.v1`, from this process's own copy of the ledger. */
export function sharedServices(ports: SharedPorts): Served[] {
  const { molecules, agents, mergeQueue } = workerMethods(ports.workers);
  return [
    served(TownService, townService(ports)),
    served(FleetService, { ...fleetLookUps(ports), ...ports.fleet }),
    served(WorkService, workService(ports)),
    served(MoleculeService, {
      ...molecules,
      getMolecule: getMolecule(ports),
    }),
    served(MergeQueueService, {
      ...mergeQueue,
      listMergeRequests: listMergeRequests(ports),
      getMergeRequest: getMergeRequest(ports),
    }),
    served(AgentService, {
      listAgents: listAgents(ports),
      peekAgent: peekAgent(ports),
      nudgeAgent: nudgeAgent(ports),
      followLogs: followLogs(ports),
      ...agents,
    }),
    served(MailService, mailService(ports)),
    served(EventService, eventService(ports)),
    served(AuditService, auditService(ports)),
    served(SalvageService, salvageService(ports)),
  ];
}
