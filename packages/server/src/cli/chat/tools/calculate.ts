import { Parser } from "expr-eval-fork";
import { defineTool } from "turnwire";

/** Longer ones could nest so deeply that the parser overflows the stack. */
const longestExpression = 1000;

/** Signs that people and models write instead of those on the keyboard. */
const spellings: ReadonlyArray<[RegExp, string]> = [
  [/[×·]/g, "*"],
  [/÷/g, "/"],
  [/[−–]/g, "-"],
  [/\*\*/g, "^"],
  [/π/g, "pi"],
  [/²/g, "^2"],
  [/³/g, "^3"],
];

const operators = {
  logical: false,
  comparison: false,
  concatenate: false,
  conditional: false,
  assignment: false,
  fndef: false,
  array: false,
  in: false,
  length: false,
  random: false,
};

/** The package's types leave these out. */
type RestrictedParser = Parser & { binaryOps: Record<string, (a: number, b: number) => unknown>; ternaryOps: object };

const parser = restrictedParser();

export const calculate = defineTool({
  name: "calculate",
  description:
    "Evaluates an arithmetic expression exactly: + - * / ^ % (remainder) !, parentheses, pi, e, and functions such as " +
    "sqrt, cbrt, abs, round, floor, ceil, ln, log10, exp, sin, cos, tan, min, max. Use it for every calculation.",
  parameters: {
    type: "object",
    properties: {
      expression: { type: "string", description: "The arithmetic expression, such as (17 + 4) * sqrt(9)" },
    },
    required: ["expression"],
    additionalProperties: false,
  },
  execute: ({ expression }) => evaluate(String(expression)),
});

/**
 * The value of an arithmetic expression, as text.
 * @throws Error saying what is wrong with the expression.
 */
export function evaluate(expression: string): string {
  let text = expression.trim();
  for (const [spelling, sign] of spellings) text = text.replace(spelling, sign);
  if (text === "") throw new Error("there is nothing to calculate");
  if (text.length > longestExpression) throw new Error(`the expression is longer than ${longestExpression} characters`);
  const stranger = /[^\s\w.+\-*/^%!(),]/u.exec(text)?.[0];
  if (stranger !== undefined) throw new Error(`"${stranger}" is not arithmetic`);
  const value = valueOf(text);
  if (Number.isNaN(value)) throw new Error("the result is not a real number");
  if (!Number.isFinite(value)) throw new Error("the result is too large, or not defined");
  return formatNumber(value);
}

function valueOf(text: string): number {
  let value: unknown;
  try {
    value = parser.parse(text).evaluate(Object.create(null));
  } catch (error) {
    throw new Error(explain(error instanceof Error ? error.message : String(error)), { cause: error });
  }
  if (typeof value !== "number") throw new Error("a function needs its argument in parentheses");
  return value;
}

/** The library's errors name its tokens; the model needs to see what is wrong. */
const explanations: ReadonlyArray<[RegExp, string]> = [
  [/unexpected TEOF|Expected \)/, "the expression ends too early"],
  [/(?:\[1:(\d+)\]: )Expected EOF/, "the expression makes no sense near character $1"],
  [/unexpected T\w+: (.+)/, "unexpected $1"],
  [/undefined variable: (.+)/, "$1 is not known"],
  [/prototype access detected/, "a name in it is not known"],
  [/not an allowed function/, "a number is used as a function"],
];

function explain(message: string): string {
  for (const [pattern, explanation] of explanations) {
    const match = pattern.exec(message)?.[0];
    if (match !== undefined) return match.replace(pattern, explanation);
  }
  return message;
}

/** At most 15 significant digits, which a double always holds, without the binary noise after them. */
export function formatNumber(value: number): string {
  if (value === 0) return "0";
  if (Number.isSafeInteger(value)) return String(value);
  const rounded = Number(value.toPrecision(15));
  // Written in full, digits that a double does not hold would look exact.
  return Math.abs(rounded) < 1e15 ? String(rounded) : value.toExponential(14).replace(/(?:\.?0+)?e\+/, "e");
}

function restrictedParser(): RestrictedParser {
  const made = new Parser({ allowMemberAccess: false, operators }) as RestrictedParser;
  const { min, max, hypot, pow, atan2 } = Math;
  // Without a prototype they have no names such as `constructor`.
  made.functions = bare({ min, max, hypot, pow, atan2 });
  made.consts = bare({ pi: Math.PI, PI: Math.PI, e: Math.E, E: Math.E });
  made.unaryOps = bare(made.unaryOps as object);
  made.binaryOps = bare({
    ...made.binaryOps,
    "+": (a, b) => sum(a, b),
    "-": (a, b) => sum(a, -b),
    "/": (a, b) => a / divisor(b),
    "%": (a, b) => a % divisor(b),
    "^": (a, b) => (b < 0 ? divisor(a) ** b : a ** b),
  });
  made.ternaryOps = bare(made.ternaryOps);
  return made;
}

function bare<T extends object>(entries: T): T {
  return Object.assign(Object.create(null) as T, entries);
}

/** The sum, rounded to the decimal places that the larger number holds, so that a small difference has no noise. */
function sum(a: number, b: number): number {
  const total = a + b;
  const places = 14 - Math.floor(Math.log10(Math.max(Math.abs(a), Math.abs(b))));
  return places > 0 && places <= 100 ? Number(total.toFixed(places)) : total;
}

function divisor(value: number): number {
  if (value === 0) throw new Error("division by zero");
  return value;
}
