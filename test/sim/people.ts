import { create } from "@bufbuild/protobuf";
import {
  AddCommentRequestSchema,
  CreateBeadRequestSchema,
  SlingBeadRequestSchema,
} from "#proto/gastown/v1/work_service_pb.ts";
import { addComment } from "#services/api/work/add-comment.ts";
import { createBead } from "#services/api/work/create-bead.ts";
import { slingBead } from "#services/api/work/sling-bead.ts";
import { requestKey } from "#services/ledger/ids.ts";
import type { Ledger } from "#services/ledger/ledger.ts";
import type { CallContext } from "#services/rpc/method.ts";
import { isTownError, TownError } from "#services/rpc/town-error.ts";
import type { Answered } from "../invariants/observation.ts";
import type { Random } from "./random.ts";
import type { SimProcess, Timeline } from "./timeline.ts";
import type { Task, Work } from "./work.ts";

/** Somewhere that a person may ask: the town, or a machine. */
export type Desk = {
  readonly name: string;
  readonly process: SimProcess;
  readonly ledger: Ledger;
};

/** What the people of a simulated town need. */
export type PeoplePorts = {
  readonly timeline: Timeline;
  readonly random: Random;
  /** Whoever answers now, the town first. */
  readonly desks: () => readonly Desk[];
  readonly see: (answered: Answered) => void;
  /** A request that is asked again is the same one; or it is another one each time. */
  readonly keepsRequestIds: boolean;
  /** Something that nobody expects of a request. */
  readonly told: (error: unknown, what: string) => void;
};

type Ask = (desk: Desk, context: CallContext) => Promise<string>;

const overseer = "overseer";
/** After so long without an answer a person asks somebody else. */
const patienceMs = 10_000;
const { signal } = new AbortController();

/** The overseer, who files the work of a run and asks again, elsewhere, where no answer comes. */
export class People {
  /** By key, the id of each bead that was filed. */
  readonly ids = new Map<string, string>();
  readonly #ports: PeoplePorts;
  readonly #filed = new Map<string, Promise<string>>();
  #asked = 0;

  constructor(ports: PeoplePorts) {
    this.#ports = ports;
  }

  /** File all work, each bead at its time and after what it needs; resolves when all is filed. */
  async file({ epics, tasks }: Work): Promise<void> {
    for (const epic of epics) {
      const epicWanted = { ...epic, title: epic.key, issueType: "epic" };
      this.#filed.set(
        epic.key,
        this.#create(epic.key, () => epicWanted),
      );
    }
    for (const task of tasks) this.#filed.set(task.key, this.#fileTask(task));
    await Promise.all(this.#filed.values());
  }

  /** Say something about a bead, as an own request. */
  async remark(key: string, text: string): Promise<void> {
    const id = this.ids.get(key);
    if (id === undefined) return;
    await this.#ask(`remark ${key} ${text}`, async ({ ledger, process }, context) => {
      const { requestId } = context;
      const request = create(AddCommentRequestSchema, { requestId, id, text });
      await addComment({ ledger, nowMs: process.clock.nowMs })(request, context);
      return id;
    });
  }

  async #fileTask(task: Task): Promise<string> {
    const { timeline } = this.#ports;
    await timeline.wait(task.filedMs);
    const [needs, parent] = await Promise.all([
      Promise.all(task.needs.map((need) => this.#filed.get(need) ?? "")),
      task.epic === undefined ? "" : this.#filed.get(task.epic),
    ]);
    const { rig, priority, key: title } = task;
    const dependencies = needs.map((dependsOnId) => ({ dependsOnId, type: "blocks" }));
    const wanted = { rig, title, priority, dependencies, parent: parent ?? "" };
    const id = await this.#create(task.key, () => wanted);
    await this.#ask(`sling ${task.key}`, async ({ ledger, process }, context) => {
      const how = { runtime: "shell", command: "work" };
      const request = create(SlingBeadRequestSchema, { requestId: context.requestId, id, ...how });
      await slingBead({ ledger, nowMs: process.clock.nowMs })(request, context);
      return id;
    });
    return id;
  }

  async #create(
    key: string,
    wanted: () => { readonly rig: string; readonly title: string },
  ): Promise<string> {
    const id = await this.#ask(`file ${key}`, async ({ ledger, process }, context) => {
      const request = create(CreateBeadRequestSchema, {
        ...wanted(),
        requestId: context.requestId,
      });
      const { bead } = await createBead({ ledger, nowMs: process.clock.nowMs })(request, context);
      return bead?.id ?? "";
    });
    this.ids.set(key, id);
    return id;
  }

  /** One request, until somebody has answered it; now and then it is asked twice all the same. */
  async #ask(act: string, ask: Ask): Promise<string> {
    const random = this.#ports.random.split(act);
    const isTwice = random.percent(3);
    const first = await this.#untilAnswered(act, ask, random);
    if (!isTwice) return first;
    await this.#ports.timeline.wait(random.int(100, 20_000));
    return this.#untilAnswered(act, ask, random);
  }

  async #untilAnswered(act: string, ask: Ask, random: Random): Promise<string> {
    const { timeline, desks, told } = this.#ports;
    for (let tries = 0; ; tries += 1) {
      const all = desks();
      const desk = tries === 0 && !random.percent(10) ? all[0] : all[random.int(0, all.length - 1)];
      try {
        if (desk) return await this.#once(desk, act, ask);
      } catch (error) {
        // What another endpoint was told may not have arrived where this one was asked.
        const isEarly = isTownError(error, "not_found", "unavailable", "timeout", "stale");
        if (!isEarly && !isTownError(error, "exhausted", "state")) told(error, act);
      }
      await timeline.wait(random.int(500, 4_000));
    }
  }

  #once(desk: Desk, requestId: string, ask: Ask): Promise<string> {
    const { timeline, see, keepsRequestIds } = this.#ports;
    this.#asked += 1;
    const named = keepsRequestIds ? requestId : `${requestId} ${this.#asked}`;
    const context = { principal: overseer, requestId: named, signal, deadlineMs: undefined };
    return new Promise((resolve, reject) => {
      const late = new TownError("timeout", `${desk.name} did not answer`);
      const cancel = timeline.after(patienceMs, () => reject(late));
      const over = desk.process.onEnd(() => reject(late));
      const answer = async () => {
        try {
          const result = await ask(desk, { ...context, token: undefined });
          const request = requestKey(overseer, requestId);
          const who = { at: desk.name, principal: overseer, request, result };
          see({ kind: "answered", atMs: timeline.nowMs(), ...who });
          resolve(result);
        } catch (error) {
          reject(error);
        }
        cancel();
        over();
      };
      desk.process.deliver(() => void answer());
    });
  }
}
