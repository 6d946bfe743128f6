import { afterEach, beforeEach, describe } from "vitest";
import { closeContract } from "./contract/close.ts";
import type { BusFixture } from "./contract/fixture.ts";
import { linkLossContract, positionContract, storeLossContract } from "./contract/loss.ts";
import { permissionContract } from "./contract/permission.ts";
import { redeliveryContract } from "./contract/redelivery.ts";
import { requestContract, requestFailureContract } from "./contract/request.ts";
import { signalContract } from "./contract/signal.ts";
import { patternContract, storedContract } from "./contract/stored.ts";

/** What every implementation of the bus must do. Each test has a broker of its own. */
export function describeBusContract(name: string, makeFixture: () => Promise<BusFixture>): void {
  describe(`bus contract: ${name}`, { timeout: 20_000 }, () => {
    let bus: BusFixture;
    beforeEach(async () => {
      bus = await makeFixture();
    });
    afterEach(async () => {
      await bus.close();
    });
    const fixture = () => bus;
    describe("stored messages", () => storedContract(fixture));
    describe("patterns and refusals", () => patternContract(fixture));
    describe("failing handlers", () => redeliveryContract(fixture));
    describe("positions", () => positionContract(fixture));
    describe("links lost", () => linkLossContract(fixture));
    describe("stores lost", () => storeLossContract(fixture));
    describe("permissions", () => permissionContract(fixture));
    describe("signals", () => signalContract(fixture));
    describe("requests", () => requestContract(fixture));
    describe("failing requests", () => requestFailureContract(fixture));
    describe("closing", () => closeContract(fixture));
  });
}
