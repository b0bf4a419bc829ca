import { defineTool, type FunctionTool } from "turnwire";
import { findZone } from "./places.ts";

/** The tool `current_time`. `now` returns milliseconds since 1970. */
export function currentTime(now: () => number = Date.now): FunctionTool {
  return defineTool({
    name: "current_time",
    description: "The current local time, date and weekday in a city or time zone.",
    parameters: {
      type: "object",
      properties: {
        place: { type: "string", description: "A city, such as Paris, or an IANA time zone, such as Asia/Tokyo" },
      },
      required: ["place"],
      additionalProperties: false,
    },
    execute: ({ place }) => timeIn(String(place), now()),
  });
}

/**
 * The local time at a place: 24 hours, the date as ISO 8601, and the offset such as `+05:30`.
 * @throws Error when the place is not known.
 */
export function timeIn(place: string, nowMs: number) {
  const found = findZone(place);
  if (found === undefined) {
    throw new Error(
      `I know no time zone of "${place.trim()}": name a larger city nearby, or an IANA zone such as Europe/Paris`,
    );
  }
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone: found.zone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
    weekday: "long",
    timeZoneName: "longOffset",
  });
  const parts = Object.fromEntries(format.formatToParts(nowMs).map(({ type, value }) => [type, value]));
  return {
    ...found,
    time: `${parts["hour"]}:${parts["minute"]}`,
    date: `${parts["year"]}-${parts["month"]}-${parts["day"]}`,
    weekday: parts["weekday"] ?? "",
    utc_offset: (parts["timeZoneName"] ?? "").replace(/^GMT/, "") || "+00:00",
  };
}
