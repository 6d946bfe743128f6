export type NatsSettings = {
  /** The server's version, as in `2.9.10`. */
  readonly version: string;
  /** -1 lets the server choose a free one. */
  readonly port: number;
  /** Where the server writes down the port it took. */
  readonly portsDir: string;
  readonly storeDir: string;
  readonly logFile: string;
  readonly extraConfig: string;
};

/** The text of a nats-server configuration: loopback only, JetStream on, as durable as can be. */
export function natsConfig(settings: NatsSettings): string {
  const { port, portsDir, storeDir, logFile, version, extraConfig } = settings;
  const sync = syncsAlways(version) ? ["  sync_interval: always"] : [];
  const lines = [
    'host: "127.0.0.1"',
    `port: ${port}`,
    `ports_file_dir: ${JSON.stringify(portsDir)}`,
    `log_file: ${JSON.stringify(logFile)}`,
    "jetstream {",
    `  store_dir: ${JSON.stringify(storeDir)}`,
    ...sync,
    "}",
    extraConfig,
  ];
  return `${lines.join("\n").trimEnd()}\n`;
}

/** Whether this server can fsync every publish. Before 2.10 it cannot, and refuses the setting. */
export function syncsAlways(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > 2 || (major === 2 && minor >= 10);
}
