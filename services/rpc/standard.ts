import { type DescFile, type DescService, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import {
  ResponderBuilder,
  type Server,
  ServerInterceptingCall,
  type ServerInterceptor,
  ServerListenerBuilder,
  status,
} from "@grpc/grpc-js";
import { ReflectionService } from "@grpc/reflection";
import { HealthImplementation, service as healthService } from "grpc-health-check";
import { file_google_rpc_error_details } from "#proto/google/rpc/error_details_pb.ts";
import { file_google_rpc_status } from "#proto/google/rpc/status_pb.ts";
import type { LiveCalls } from "./live-calls.ts";

type Package = ConstructorParameters<typeof ReflectionService>[0];

/** The services that every gRPC server has: grpc.health.v1, and reflection v1 and v1alpha. */
export type Standard = {
  readonly addTo: (server: Server) => void;
  /** Say for every service, and for the whole (""), whether it is served now. */
  readonly setServing: (serving: boolean) => void;
};

/** Health and reflection of these services. Not serving until told otherwise. */
export function standardServices(services: readonly DescService[]): Standard {
  const health = new HealthImplementation();
  const setServing = (serving: boolean): void => {
    const now = serving ? "SERVING" : "NOT_SERVING";
    for (const name of ["", ...services.map(({ typeName }) => typeName)]) {
      health.setStatus(name, now);
    }
  };
  setServing(false);
  const reflection = new ReflectionService(describe(services));
  const addTo = (server: Server): void => {
    health.addToServer(server);
    reflection.addToServer(server);
  };
  return { addTo, setServing };
}

/**
 * End the calls of the standard services when the server stops.
 *
 * A health watch never ends by itself, so a drain would wait for it until its time is up.
 */
export function endWithServer(live: LiveCalls): ServerInterceptor {
  return (method, call) => {
    if (!method.path.startsWith("/grpc.")) return new ServerInterceptingCall(call);
    const abort = ({ message }: Error): void =>
      call.sendStatus({ code: status.UNAVAILABLE, details: message });
    const listener = new ServerListenerBuilder();
    const responder = new ResponderBuilder().withStart((next) => {
      const leave = live.enter({ streaming: true, abort });
      next(listener.withOnCancel(leave).build());
    });
    return new ServerInterceptingCall(call, responder.build());
  };
}

/** The package as @grpc/reflection reads it: of each entry it takes the descriptors alone. */
function describe(services: readonly DescService[]): Package {
  const files = new Set<DescFile>();
  const visit = (file: DescFile): void => {
    if (files.has(file)) return;
    files.add(file);
    file.dependencies.forEach(visit);
  };
  for (const { file } of services) visit(file);
  // No method names them, yet whoever reads the details of a failure looks for them.
  for (const file of [file_google_rpc_status, file_google_rpc_error_details]) visit(file);
  const ours = [...files].map((file) =>
    Buffer.from(toBinary(FileDescriptorProtoSchema, file.proto)),
  );
  const theirs = Object.values(healthService).flatMap((method) => [
    ...(method.requestType?.fileDescriptorProtos ?? []),
  ]);
  const format = "Protocol Buffer 3 DescriptorProto";
  return { all: { format, type: {}, fileDescriptorProtos: [...ours, ...theirs] } };
}
