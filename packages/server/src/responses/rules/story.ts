const heroes = [
  "a lighthouse keeper",
  "a young baker",
  "an old clockmaker",
  "a ferry pilot",
  "a map-maker's daughter",
  "a quiet gardener",
];
const places = [
  "by the harbour",
  "at the edge of the forest",
  "in the narrow streets of the old town",
  "up on the hill",
  "across the river",
  "under the railway bridge",
];
const deeds = [
  "found a letter that had never been opened",
  "heard someone humming a tune from long ago",
  "saw a light where no light should be",
  "lost the way twice and did not mind",
  "shared a loaf of bread with a stranger",
  "repaired a wheel that had squeaked for years",
  "counted the boats and found one too many",
];
const turns = [
  "Nobody in town could explain it.",
  "The wind changed, and with it the mood of everyone.",
  "It was a small thing, but small things add up.",
  "By evening the whole street was talking about it.",
  "There was a pause, and then there was laughter.",
];
const ends = "In the end the door stood open, the kettle was on, and everyone who mattered was there.";

/** A story in sentences: the same topic gives the same story. */
export function* story(topic: string | undefined, long: boolean): Iterable<string> {
  const about = topic === undefined ? "" : ` It is a story about ${topic.trim()}.`;
  const hero = pick(heroes, (topic ?? "").length);
  yield `Once upon a time there was ${hero}.${about}`;
  const chapters = long ? 60 : 4;
  for (let day = 1; day <= chapters; day += 1) {
    yield ` On day ${day}, ${pick(places, day * 7 + hero.length)}, ${hero.replace(/^an? /, "the ")} ${pick(deeds, day * 3)}.`;
    yield ` ${pick(turns, day * 5 + day)}`;
  }
  yield ` ${ends}`;
}

function pick(from: readonly string[], index: number): string {
  return from[index % from.length] ?? "";
}
