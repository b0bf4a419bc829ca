/** A URL that can be connected to: an address that stands for all of this machine is replaced by a loopback one. */
export function reachable(address: string, host: string): string {
  if (host === "0.0.0.0") return address.replace("//0.0.0.0:", "//127.0.0.1:");
  return host === "::" ? address.replace("//[::]:", "//localhost:") : address;
}

/** Where a server should have listened. */
interface Address {
  readonly port: number;
  readonly host: string;
}

const explanations: Readonly<Record<string, (address: Address) => string>> = {
  EADDRINUSE: ({ port }) => `port ${port} is in use; choose another with --port, or --port 0 for any that is free`,
  EACCES: ({ port }) => `port ${port} may not be used; choose one from 1024 on with --port`,
  EADDRNOTAVAIL: ({ host }) => `${host} is no address of this machine; --host takes one that is`,
  ENOTFOUND: ({ host }) => `the name ${host} is not known; --host takes an address of this machine`,
};

/** The error of a server that could not start, with a way out where one is known. */
export function startError(error: unknown, address: Address): unknown {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const explain = Object.hasOwn(explanations, code) ? explanations[code] : undefined;
  return explain === undefined ? error : new Error(explain(address), { cause: error });
}
