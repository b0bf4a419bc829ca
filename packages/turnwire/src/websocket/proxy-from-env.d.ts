declare module "proxy-from-env" {
  /** The proxy the environment names for an `http:` or `https:` URL, an empty string where it names none. */
  export function getProxyForUrl(url: string): string;
}
