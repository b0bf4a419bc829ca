/** A folder of a package's `src/` is a room. Other rooms import it through its `index.ts`. */
export interface Package {
  /** Rooms: folders, or files directly in `src/`. Each may import those after it. */
  readonly rooms: readonly string[];
  /** The names of other packages that the package's rooms may import. `except` gives single rooms a list of their own. */
  readonly imports: readonly string[];
  readonly except?: Readonly<Record<string, readonly string[]>>;
  /** The rooms within a room: its folders and files, each above those that it may import. */
  readonly within?: Readonly<Record<string, readonly string[]>>;
}

/** The map of all packages. docs/architecture.md says what each room contains. */
export const packages: Readonly<Record<string, Package>> = {
  turnwire: {
    rooms: [
      ...["index", "provider", "internal", "openai", "llm", "service", "context", "pipeline", "frames", "websocket"],
      ...["protocol", "audio", "async", "checks", "errors", "redaction", "node-version"],
    ],
    imports: [],
    within: {
      openai: [
        ...["index", "llm-service", "http-llm-service", "connection", "http", "response", "request", "retry"],
        ...["settings", "endpoint"],
      ],
    },
  },
  voice: {
    rooms: ["index", "deepgram", "cartesia", "stt", "tts", "turns", "transports", "checks"],
    imports: ["turnwire", "turnwire/provider", "turnwire/internal"],
  },
  server: {
    rooms: ["cli", "index", "responses", "speech", "kit"],
    imports: ["turnwire/internal"],
    except: { cli: ["turnwire", "turnwire/provider", "turnwire/internal"] },
  },
};
