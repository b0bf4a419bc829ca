export { readListenQuery } from "./listen-query.ts";
export { ListenSession } from "./listen-session.ts";
