import { findArithmetic, findNumbers } from "./arithmetic.ts";
import { capitalizedPhrases, quotedPhrases } from "./clauses.ts";
import { findPlaces, placeAfter } from "./places.ts";
import type { Schema } from "./schema.ts";
import { contentStems, isStopWord, stem, wordsOf } from "./words.ts";

/** What a sentence offers to fill arguments with. */
export interface Evidence {
  readonly text: string;
  readonly expressions: readonly string[];
  readonly places: readonly string[];
  /** The place the user spoke of last, for "there" and for questions that name none. */
  readonly earlierPlace: string | undefined;
  /** Stems of the tool's own words: they are what was asked for, not what with. */
  readonly toolStems: ReadonlySet<string>;
}

export interface FilledArguments {
  readonly value: Record<string, unknown>;
  /** Required parameters that nothing was said about. */
  readonly missing: readonly string[];
  /** How many parameters the sentence itself filled. */
  readonly concrete: number;
}

export type ParameterKind = "expression" | "place" | "other";

/** What a string parameter is about, going by its name, its description and what its tool is about. */
export function parameterKind(name: string, schema: Schema, toolText: string): ParameterKind {
  if (schema.type !== "string" && schema.type !== "any") return "other";
  if (schema.enum !== undefined) return "other";
  const words = `${wordsOf(name).join(" ")} ${schema.description.toLowerCase()}`;
  if (/\b(?:expression|formula|equation|arithmetic|calculation|math|expr)\b/.test(words)) return "expression";
  if (
    /\b(?:place|city|cities|location|town|country|region|timezone|time zone|zone|destination|origin|iana|where)\b/.test(
      words,
    )
  )
    return "place";
  const alone =
    /\b(?:input|query|problem|text|question)\b/.test(words) &&
    /\b(?:calculat|arithmetic|mathematic|math)/i.test(toolText);
  return alone ? "expression" : "other";
}

export function gatherEvidence(
  text: string,
  except: readonly string[],
  earlierPlace: string | undefined,
  toolStems: ReadonlySet<string>,
): Evidence {
  const { expressions } = findArithmetic(text);
  return { text, expressions, places: findPlaces(text, except), earlierPlace, toolStems };
}

/** Fills an object schema from the evidence. */
export function fillArguments(schema: Schema, evidence: Evidence, toolText: string): FilledArguments {
  const filler = new Filler(evidence, toolText);
  const value = filler.object(schema, "");
  return { value, missing: filler.missing, concrete: filler.concrete };
}

class Filler {
  readonly missing: string[] = [];
  concrete = 0;
  readonly #evidence: Evidence;
  readonly #toolText: string;
  readonly #numbers: number[];
  readonly #quoted: string[];
  readonly #chosen = new Set<unknown>();

  constructor(evidence: Evidence, toolText: string) {
    this.#evidence = evidence;
    this.#toolText = toolText;
    this.#numbers = findNumbers(evidence.text);
    this.#quoted = quotedPhrases(evidence.text);
  }

  object(schema: Schema, path: string): Record<string, unknown> {
    const value: Record<string, unknown> = {};
    for (const [name, property] of schema.properties) {
      const required = schema.required.has(name);
      const filled = this.#fill(name, property, required);
      if (filled !== undefined) {
        value[name] = filled;
        this.concrete += 1;
      } else if (property.default !== undefined && required) value[name] = property.default;
      else if (required) value[name] = this.#blank(property, `${path}${name}`);
    }
    return value;
  }

  /** What the sentence says about a parameter; undefined when it says nothing. */
  #fill(name: string, schema: Schema, required: boolean): unknown {
    if (schema.enum !== undefined) return this.#choice(name, schema.enum);
    switch (schema.type) {
      case "number":
      case "integer":
        return this.#number(schema);
      case "boolean":
        return this.#flag(name);
      case "array":
        return this.#array(name, schema);
      case "object":
        return this.#object(name, schema);
      case "null":
        return undefined;
      default:
        return this.#string(name, schema, required && !schema.nullable);
    }
  }

  #object(name: string, schema: Schema): unknown {
    const inner = new Filler(this.#evidence, this.#toolText);
    const value = inner.object(schema, `${name}.`);
    return inner.concrete > 0 && inner.missing.length === 0 ? value : undefined;
  }

  /** The choice the sentence names: after "from" or "to" for a parameter of that name, else the first not taken yet. */
  #choice(name: string, choices: readonly unknown[]): unknown {
    const said = wordsOf(this.#evidence.text).map(stem);
    const preposition = wordsOf(name).find((word) => word === "from" || word === "to");
    const places = choices
      .map((choice) => ({ choice, at: placeOf(wordsOf(String(choice)).map(stem), said) }))
      .filter(({ choice, at }) => at >= 0 && !this.#chosen.has(choice))
      .toSorted((one, other) => one.at - other.at);
    const named = places.find(({ at }) => preposition !== undefined && said[at - 1] === preposition) ?? places[0];
    if (named !== undefined) this.#chosen.add(named.choice);
    return named?.choice;
  }

  #number(schema: Schema): number | undefined {
    const { minimum = -Infinity, maximum = Infinity } = schema;
    const index = this.#numbers.findIndex(
      (number) => number >= minimum && number <= maximum && (schema.type !== "integer" || Number.isInteger(number)),
    );
    return index < 0 ? undefined : this.#numbers.splice(index, 1)[0];
  }

  #flag(name: string): boolean | undefined {
    const words = contentStems(name);
    const said = wordsOf(this.#evidence.text).map(stem);
    const index = said.findIndex((word) => words.includes(word));
    if (index < 0) return undefined;
    return !said.slice(Math.max(0, index - 3), index).some((word) => /^(?:no|not|without|dont)$/.test(word));
  }

  #array(name: string, schema: Schema): unknown[] | undefined {
    const items = schema.items;
    if (items?.type === "number" || items?.type === "integer")
      return this.#numbers.length > 0 ? this.#numbers.splice(0) : undefined;
    if (items?.enum !== undefined) {
      const chosen = items.enum.filter((choice) => this.#choice(name, [choice]) !== undefined);
      return chosen.length > 0 ? chosen : undefined;
    }
    if (
      items !== undefined &&
      parameterKind(name, items, this.#toolText) === "place" &&
      this.#evidence.places.length > 0
    ) {
      return [...this.#evidence.places];
    }
    if (this.#quoted.length > 0) return this.#quoted.splice(0);
    const one = items === undefined ? undefined : this.#fill(name, items, true);
    return one === undefined ? undefined : [one];
  }

  #string(name: string, schema: Schema, required: boolean): string | undefined {
    const kind = parameterKind(name, schema, this.#toolText);
    if (kind === "expression") return this.#evidence.expressions[0];
    if (kind === "place") return this.#place(name);
    const words = wordsOf(name).join(" ");
    const { text } = this.#evidence;
    if (schema.format === "email" || /\be?mail\b/.test(words)) return /[\w.+-]+@[\w-]+(?:\.[\w-]+)+/.exec(text)?.[0];
    if (schema.format === "uri" || /\b(?:url|uri|link)\b/.test(words)) return /https?:\/\/[^\s"'<>]+/.exec(text)?.[0];
    if (schema.format.startsWith("date") || /\b(?:date|day|when)\b/.test(words)) return datePhrase(text);
    const quotation = this.#quoted.shift();
    if (quotation !== undefined) return quotation;
    if (!required) return undefined;
    const free =
      /\b(?:query|search|text|question|message|prompt|topic|term|keywords?|content|body|note|reminder|task|title|subject)\b/.test(
        words,
      );
    return free ? this.#subject() : (capitalizedPhrases(text)[0] ?? this.#subject());
  }

  #place(name: string): string | undefined {
    const { text, places, earlierPlace } = this.#evidence;
    const words = wordsOf(name).join(" ");
    if (/\b(?:from|origin|departure|source)\b/.test(words))
      return placeAfter("from", text) ?? (places.length > 1 ? places[0] : undefined);
    if (/\b(?:to|destination|arrival|target)\b/.test(words)) return placeAfter("to", text) ?? places.at(-1);
    return places[0] ?? this.#quoted[0] ?? this.#capitalizedPlace() ?? earlierPlace;
  }

  /** `Tokyo weather`, `London's time`: a place without a preposition. */
  #capitalizedPlace(): string | undefined {
    const phrases = capitalizedPhrases(`x ${this.#evidence.text}`).map((phrase) => phrase.replace(/['’]s$/u, ""));
    return phrases.find((phrase) =>
      wordsOf(phrase).every((word) => !isStopWord(word) && !this.#evidence.toolStems.has(stem(word))),
    );
  }

  /** What is left of the sentence without the words that asked for the tool: what it is about. */
  #subject(): string | undefined {
    const about = /\b(?:for|about|of|on|that|named|called|to)\s+(.+)$/i.exec(this.#evidence.text)?.[1];
    const from = about ?? this.#evidence.text;
    const words = from.match(/[\p{L}\p{N}'’-]+/gu) ?? [];
    const kept = words.filter(
      (word) => !this.#evidence.toolStems.has(stem(word.toLowerCase())) && !isStopWord(word.toLowerCase()),
    );
    if (about !== undefined && kept.length > 0) return about.trim();
    return kept.length > 0 ? kept.join(" ") : undefined;
  }

  /** A value that fits the schema for a parameter that must be there although nothing was said about it. */
  #blank(schema: Schema, path: string): unknown {
    if (schema.nullable) return null;
    if (schema.enum !== undefined) return schema.enum[0];
    if (schema.type === "boolean") return false;
    if (schema.type === "array") return [];
    this.missing.push(path);
    if (schema.type === "number" || schema.type === "integer") return Math.max(0, schema.minimum ?? 0);
    if (schema.type === "object") return this.object(schema, `${path}.`);
    return schema.type === "null" ? null : this.#evidence.text;
  }
}

/** Where a run of words begins in another, or -1. */
function placeOf(words: readonly string[], within: readonly string[]): number {
  if (words.length === 0) return -1;
  return within.findIndex((_word, start) => words.every((word, index) => within[start + index] === word));
}

function datePhrase(text: string): string | undefined {
  const days = "monday|tuesday|wednesday|thursday|friday|saturday|sunday";
  const pattern = new RegExp(
    `\\b(?:\\d{4}-\\d{2}-\\d{2}|today|tonight|tomorrow|yesterday|(?:next |this )?(?:${days}|week|month))\\b`,
    "i",
  );
  return pattern.exec(text)?.[0];
}
