import { expect, test } from "vitest";
import { busUrl } from "./membership.ts";

test.for([
  { told: "nats://0.0.0.0:4222", town: "10.0.0.5:7420", expected: "nats://10.0.0.5:4222" },
  { told: "nats://[::]:4222", town: "[fd00::5]:7420", expected: "nats://[fd00::5]:4222" },
  { told: "nats://bus.invalid:4222", town: "10.0.0.5:7420", expected: "nats://bus.invalid:4222" },
  { told: "", town: "10.0.0.5:7420", expected: "" },
])("a bus told as '$told' by $town is dialled as '$expected'", ({ told, town, expected }) => {
  expect(busUrl(told, town)).toBe(expected);
});
