// The thread that a heart beats in; `heart.ts` starts it. It shares nothing with the thread that
// works but the questions and answers between them, so nothing there can hold it up.
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { openBus } from "#services/bus/open-bus.ts";
import { beatSubject } from "#services/bus/subjects.ts";
import { encodeBeat } from "./beat.ts";
import type { HeartSettings, ToHeart } from "./heart.ts";
import { openPulse } from "./pulse.ts";

/** An answer that comes within this time goes out with the beat that asked for it. */
const patienceMaxMs = 250;

if (!parentPort) throw new Error("this file is a thread's, not a program");
await beatOn(parentPort, workerData as HeartSettings);

async function beatOn(port: MessagePort, settings: HeartSettings): Promise<void> {
  const { natsUrl, town, name, everyMs } = settings;
  const pulse = openPulse();
  const patienceMs = Math.min(patienceMaxMs, everyMs / 2);
  let isDue = false;
  // Messages that came before the bus was there are kept by the port until somebody listens.
  const bus = await openBus({ url: natsUrl, name: `${name} heart`, town, notice: () => {} });
  const send = () => {
    isDue = false;
    const beat = pulse.beat(Date.now());
    if (beat) bus.signal(beatSubject(town, beat.machine), encodeBeat(beat));
  };
  const begin = () => {
    if (pulse.ask(Date.now()) === "ask") port.postMessage("body");
    isDue = true;
    setTimeout(() => {
      if (isDue) send();
    }, patienceMs);
  };
  const timer = setInterval(begin, everyMs);
  port.on("message", (message: ToHeart) => {
    if (message === "ring") return begin();
    if (message !== "stop") {
      pulse.hear(message, Date.now());
      if (isDue) send();
      return;
    }
    clearInterval(timer);
    port.close();
    void bus.close();
  });
  begin();
}
