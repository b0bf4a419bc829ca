/** An address that stands for all of this machine's is none to connect to. */
export function reachable(address: string, host: string): string {
  if (host === "0.0.0.0") return address.replace("//0.0.0.0:", "//127.0.0.1:");
  return host === "::" ? address.replace("//[::]:", "//localhost:") : address;
}

/** Whether only this machine can reach it. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);
}
