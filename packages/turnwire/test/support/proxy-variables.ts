import { vi } from "vitest";

const proxyVariables = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"].flatMap((name) => [
  name,
  name.toLowerCase(),
]);

/** Makes these the only proxy settings in the environment, until `vi.unstubAllEnvs()`. */
export function stubProxies(variables: Record<string, string> = {}): void {
  for (const name of proxyVariables) vi.stubEnv(name, variables[name]);
}
