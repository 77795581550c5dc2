// An npm registry on this machine: it has the packages that a checkout has installed, and our tarballs as if
// they were published. So a test installs as a user does, without a network.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { basename, dirname, join } from "node:path";

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** A published version: its package.json, and the file of its tarball. */
interface Published {
  readonly manifest: Manifest;
  readonly tarball: string;
}

const manifestIn = (folder: string) => JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;

const dependenciesOf = (folder: string) => Object.keys(manifestIn(folder).dependencies ?? {});

/** Adds the folders of packages and of their dependencies, found from `folder` as Node finds them. */
function addFolders(folder: string, names: readonly string[], found = new Set<string>()): Set<string> {
  for (const name of names) {
    let at = folder;
    while (!existsSync(join(at, "node_modules", name))) at = dirname(at);
    const place = join(at, "node_modules", name);
    if (!found.has(place)) addFolders(place, dependenciesOf(place), found.add(place));
  }
  return found;
}

function tar(...args: string[]): Buffer {
  const { status, stdout, stderr } = spawnSync("tar", args, { maxBuffer: 1 << 28 });
  if (status !== 0) throw new Error(`tar ${args.join(" ")}: ${stderr}`);
  return stdout;
}

/** A package of node_modules as a tarball below `folder`. */
function packed(place: string, folder: string): Published {
  const manifest = manifestIn(place);
  const tarball = join(folder, `${manifest.name.replace("/", "+")}-${manifest.version}.tgz`);
  tar("czf", tarball, "--exclude", "node_modules", "-C", dirname(place), basename(place));
  return { manifest, tarball };
}

/**
 * Starts a registry of the project's dependencies, of other packages that it has installed, and of the tarballs
 * in the folder `ours`. `work` is a folder for its files.
 */
export async function startRegistry(
  project: string,
  others: readonly string[],
  ours: string,
  work: string,
): Promise<{ readonly url: string; readonly server: Server }> {
  mkdirSync(work, { recursive: true });
  const published = [
    ...[...addFolders(project, [...dependenciesOf(project), ...others])].map((place) => packed(place, work)),
    ...readdirSync(ours).map((name) => {
      const tarball = join(ours, name);
      return { tarball, manifest: JSON.parse(tar("xzOf", tarball, "package/package.json").toString()) as Manifest };
    }),
  ];
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url!.slice(1));
    if (path.startsWith("-/")) return response.end(readFileSync(published[Number(path.slice(2))]!.tarball));
    const versions = published.flatMap(({ manifest }, index) =>
      manifest.name === path ? [{ ...manifest, dist: { tarball: `${url}-/${index}` } }] : [],
    );
    if (versions.length === 0) return response.writeHead(404).end("{}");
    const latest = versions.at(-1)!.version;
    return response.end(
      JSON.stringify({ name: path, "dist-tags": { latest }, versions: Object.fromEntries(versions.map((one) => [one.version, one])) }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return { url, server };
}
