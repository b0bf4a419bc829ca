import { createRequire } from "node:module";
import type * as sqlite from "node:sqlite";
import { checkValue, InvalidArgumentError, is } from "turnwire/internal";
import type { ResponseStore, StoredResponse } from "./response-store.ts";

/** Keeps responses in an SQLite file, so that they outlive the server. */
export class SqliteStore implements ResponseStore {
  readonly #database: sqlite.DatabaseSync;
  readonly #get: sqlite.StatementSync;
  readonly #put: sqlite.StatementSync;
  readonly #delete: sqlite.StatementSync;
  #closed = false;

  /**
   * @param path The file; made when it is not there. Throws Node's error when it cannot be, and an
   * `InvalidArgumentError` before Node 22.13, which has no SQLite without a flag.
   */
  constructor(path: string) {
    checkValue(path, "path", is.text);
    this.#database = new (loadSqlite().DatabaseSync)(path);
    this.#database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
    this.#database.exec("CREATE TABLE IF NOT EXISTS responses (id TEXT PRIMARY KEY, stored TEXT NOT NULL) STRICT");
    this.#get = this.#database.prepare("SELECT stored FROM responses WHERE id = ?");
    this.#put = this.#database.prepare("INSERT OR REPLACE INTO responses (id, stored) VALUES (?, ?)");
    this.#delete = this.#database.prepare("DELETE FROM responses WHERE id = ?");
  }

  get(id: string): StoredResponse | undefined {
    const row = this.#get.get(id);
    return row === undefined ? undefined : (JSON.parse(String(row["stored"])) as StoredResponse);
  }

  put(stored: StoredResponse): void {
    this.#put.run(stored.response.id, JSON.stringify(stored));
  }

  delete(id: string): boolean {
    return this.#delete.run(id).changes > 0;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#database.close();
  }
}

/** Loaded only here: Node warns as soon as it loads the module that it is experimental. */
function loadSqlite(): typeof sqlite {
  try {
    return createRequire(import.meta.url)("node:sqlite") as typeof sqlite;
  } catch (cause) {
    const message = `an SQLite file needs Node 22.13 or newer, or the flag --experimental-sqlite; this is ${process.version}`;
    throw new InvalidArgumentError("store", message, { cause });
  }
}
