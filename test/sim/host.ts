import { copyDisk, type MemoryDisk as GitDisk, memoryDisk } from "#services/git/memory/disk.ts";
import { MemoryDisk } from "#services/ledger/disk-memory.ts";
import type { PolecatSession } from "../../rig-agent/polecat/sessions.ts";

/** What the disk of one machine, or of the town's host, holds: it outlives every process. */
export type Host = {
  readonly name: string;
  /** Where it is on the network: its name, but for a second one of the same name. */
  readonly place: string;
  /** The wire version that it speaks; undefined: the newest. */
  wire: number | undefined;
  /** How far its clock is off, ms. */
  skewMs: number;
  /** Journal and vapour. */
  files: MemoryDisk;
  git: GitDisk;
  sessions: Map<string, PolecatSession>;
  /** By session, the lines that its worker printed. */
  outputs: Map<string, string[]>;
  /** When a session last printed (`output <session>`), a worktree last got a commit, and so on. */
  signs: Map<string, number>;
};

/** An image of a disk: taken for a snapshot, or for a second machine made of it. */
export type HostImage = Pick<Host, "files" | "git" | "sessions" | "outputs" | "signs">;

/** A machine whose disk is empty. */
export function newHost(name: string, keepsWhatIsSynced: boolean, place = name): Host {
  return {
    name,
    place,
    wire: undefined,
    skewMs: 0,
    files: new MemoryDisk({ syncsFiles: keepsWhatIsSynced, syncsDirs: keepsWhatIsSynced }),
    git: memoryDisk(place),
    sessions: new Map(),
    outputs: new Map(),
    signs: new Map(),
  };
}

/** Copy a disk as it is now. */
export function imageOf({ files, git, sessions, outputs, signs }: Host): HostImage {
  return {
    files: files.copy(),
    git: copyDisk(git),
    sessions: new Map(sessions),
    outputs: new Map([...outputs].map(([name, lines]) => [name, [...lines]])),
    signs: new Map(signs),
  };
}

/** The power fails: what was not synced is gone. Git is told to sync all it writes. */
export function losePower(host: Host): void {
  host.files.crash();
}
