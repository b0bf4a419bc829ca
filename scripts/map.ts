/** A folder of a package's `src/` is a room, entered by its `index.ts`. */
export interface Package {
  /** Rooms (folders, or files right in `src/`), each above those it may import. */
  readonly rooms: readonly string[];
  /** What the package imports of the others. Rooms that import less are listed by name. */
  readonly imports: readonly string[];
  readonly except?: Readonly<Record<string, readonly string[]>>;
}

/** The map; docs/architecture.md says what lives where. */
export const packages: Readonly<Record<string, Package>> = {
  turnwire: {
    rooms: [
      ...["index", "provider", "internal", "openai", "llm", "service", "context", "pipeline", "frames", "websocket"],
      ...["protocol", "audio", "async", "checks", "errors"],
    ],
    imports: [],
  },
  voice: {
    rooms: ["index", "deepgram", "cartesia", "stt", "tts", "turns", "transports"],
    imports: ["turnwire", "turnwire/provider", "turnwire/internal"],
  },
  server: {
    rooms: ["cli", "index", "responses", "speech"],
    imports: ["turnwire/internal"],
    except: { cli: ["turnwire", "turnwire/provider", "turnwire/internal"] },
  },
};
