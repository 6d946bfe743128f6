import { builtinModules } from "node:module";
import { posix } from "node:path";

/** The packages a project may load: at run time, and in tests besides. */
export type Packages = { readonly runtime: readonly string[]; readonly dev: readonly string[] };

/** Who may load whom, by the first folder of a path. Nothing loads test/ but test/ itself. */
const reach: Record<string, readonly string[]> = {
  proto: ["proto"],
  services: ["proto", "services"],
  town: ["proto", "services", "town"],
  "rig-agent": ["proto", "services", "rig-agent"],
  deploy: ["proto", "services", "town", "rig-agent", "deploy"],
  test: ["proto", "services", "town", "rig-agent", "deploy", "test"],
};

/** Libraries that stay behind one door, so that they can be changed there. */
const doors: Record<string, readonly string[]> = {
  "@grpc/grpc-js": ["services/rpc/"],
  "@grpc/reflection": ["services/rpc/"],
  "grpc-health-check": ["services/rpc/"],
  nats: ["services/bus/"],
  "simple-git": ["services/git/"],
  pino: ["services/telemetry/"],
  "pino-pretty": ["services/telemetry/"],
  commander: ["services/gt/", "deploy/local/"],
  "cli-table3": ["services/gt/"],
};

/** What may stand at the top of the repository; whatever else appears there needs a reason. */
const topLevel = [
  ...Object.keys(reach),
  ...[".ci", ".gitattributes", ".github", ".gitignore", ".npmrc"],
  ...["CHANGELOG.md", "LICENSE", "README.md", "docs"],
  ...["biome.json", "buf.gen.yaml", "buf.yaml", "package-lock.json", "package.json"],
  ...["tsconfig.json", "vitest.config.ts"],
];

/** The set-up is plain JavaScript that `gt` needs before anything else can be loaded. */
const setUpOfGt = /^deploy\/setup\/[a-z-]+\.mjs$/;

/** What one import breaks of the layout, or nothing. */
export function misplacedImport(
  path: string,
  specifier: string,
  packages: Packages,
): string | undefined {
  const area = areaOf(path);
  if (reach[area] === undefined || specifier.startsWith("node:")) return undefined;
  if (builtinModules.includes(specifier)) return `write node:${specifier}`;
  const target = resolve(path, specifier);
  if (target === undefined) return misplacedPackage(path, packageOf(specifier), packages);
  if (target === "package.json") return undefined; // The version is written down there.
  if (path === "services/gt/gt.mjs" && setUpOfGt.test(target)) return undefined;
  const there = areaOf(target);
  if (!reach[area].includes(there) && !isTestOfSetUp(path, target)) {
    return `${area} may not load ${there}`;
  }
  const relative = specifier.startsWith(".");
  if (relative && area !== there && (there === "services" || there === "proto")) {
    return `across folders write #${there}/…`;
  }
  return undefined;
}

/** Entries at the top of the repository that the layout does not know. */
export function strayEntries(paths: readonly string[]): string[] {
  const entries = new Set(paths.map(areaOf));
  return [...entries].filter((entry) => !topLevel.includes(entry));
}

/** Optional packages of other platforms that the lock file lacks; `npm ci` then fails anywhere. */
export function unlocked(lock: {
  packages: Record<string, { optionalDependencies?: Record<string, string> }>;
}): string[] {
  const known = Object.keys(lock.packages);
  return Object.values(lock.packages)
    .flatMap(({ optionalDependencies = {} }) => Object.keys(optionalDependencies))
    .filter((name) => !known.some((path) => path.endsWith(`node_modules/${name}`)));
}

function areaOf(path: string): string {
  return path.split("/")[0] ?? "";
}

function resolve(path: string, specifier: string): string | undefined {
  if (specifier.startsWith(".")) return posix.join(posix.dirname(path), specifier);
  if (specifier.startsWith("#proto/")) return `proto/gen/${specifier.slice("#proto/".length)}`;
  return specifier.startsWith("#") ? specifier.slice(1) : undefined;
}

function packageOf(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

/** A contract is a suite that several implementations' tests run: a test that is not run alone. */
function isTest(path: string): boolean {
  return path.startsWith("test/") || /\.test\.ts$|-contract\.ts$|\/contract\//.test(path);
}

/** A unit test of the bus may start the nats-server that set-up found. */
function isTestOfSetUp(path: string, target: string): boolean {
  return isTest(path) && target.startsWith("deploy/setup/");
}

function misplacedPackage(path: string, name: string, packages: Packages): string | undefined {
  if (!packages.runtime.includes(name)) {
    if (isTest(path) && packages.dev.includes(name)) return undefined;
    return packages.dev.includes(name)
      ? `${name} is there for tests only`
      : `${name} is not in package.json`;
  }
  const door = doors[name];
  if (door === undefined || isTest(path) || door.some((folder) => path.startsWith(folder))) {
    return undefined;
  }
  return `only ${door.join(" and ")} may load ${name}`;
}
