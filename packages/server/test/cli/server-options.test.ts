import { describe, expect, it } from "vitest";
import { readServerOptions } from "../../src/cli/server/options.ts";
import { readTiming, timingPresets } from "../../src/cli/server/timing.ts";
import { UsageError } from "../../src/cli/shared/read-args.ts";

const read = (...args: string[]): ReturnType<typeof readServerOptions> => readServerOptions(args, {});

describe("the options of turnwire server", () => {
  it("take a script in two ways", () => {
    const brain = { kind: "script", file: "a:b.json" };
    expect(read("--brain", "script:a:b.json")).toMatchObject({ brain });
    expect(read("--script", "a:b.json")).toMatchObject({ brain });
    expect(read("--brain", "rules", "--pace")).toMatchObject({ brain: { kind: "rules", pace: true } });
  });

  it("take an upstream's key from the environment unless it is given", () => {
    const args = ["--upstream", "http://localhost:11434"];
    const env = { TURNWIRE_UPSTREAM_KEY: " from-environment\n", OPENAI_API_KEY: "sk-not-this-one" };
    const upstream = { kind: "upstream", url: "http://localhost:11434", api: "chat", model: undefined };
    expect(readServerOptions(args, env).brain).toEqual({ ...upstream, key: "from-environment" });
    expect(readServerOptions([...args, "--upstream-key", "given"], env).brain).toEqual({ ...upstream, key: "given" });
    expect(readServerOptions(args, { TURNWIRE_UPSTREAM_KEY: " " }).brain).toEqual({ ...upstream, key: undefined });
  });

  it.each<[string[], string]>([
    [["--port", "65536"], "--port is not a number from 0 to 65535"],
    [["--port", "1e3"], "--port is not"],
    [["--port=-1"], "--port is not"],
    [["--host", ""], "--host is empty"],
    [["--api-key", "one", "--api-key", " "], "--api-key is empty"],
    [["--brain", "upstream"], "--brain is rules or script:FILE"],
    [["--brain", "script:"], "--brain is rules or script:FILE"],
    [["--brain", "rules", "--script", "x.json"], "give one of them"],
    [["--script", "x.json", "--upstream", "http://localhost"], "give one of them"],
    [["--script", "x.json", "--record", "x.json"], "would replace the script"],
    [["--script", "x.json", "--pace"], "--pace is for the rules"],
    [["--upstream", "http://localhost", "--pace"], "--pace is for the rules"],
    [["--pace", "--timing", "slow"], "give one of them"],
    [["--upstream-model", "x"], "--upstream-model is nothing without --upstream"],
    [["--upstream-key", "secret-one"], "--upstream-key is nothing without --upstream"],
    [["--upstream", "http://localhost", "--upstream-api", "grpc"], "--upstream-api is one of chat, responses"],
    [["--dialect", "klingon"], "--dialect is one of openai, openai-no-lanes, xai, "],
    [["--dialect", "toString"], "--dialect is one of"],
    [["--cancel", "maybe"], "--cancel is one of honour, refuse, ignore"],
    [["--cancel"], "'--cancel <value>' argument missing"],
    [["--tokenizer", "vague"], "--tokenizer is one of estimate, exact"],
    [["--timing", "glacial"], "--timing is fast, typical, slow, or fields"],
    [["--json", "--log", "-"], "both print JSON lines"],
    [["--api-key", "secret-one", "secret-two"], "an argument that belongs to no option"],
    [["--api-keys=secret-one"], "unknown option '--api-keys'"],
    [["--json=secret-one"], "does not take an argument"],
  ])("refuse %j, without repeating what may be a key", (args, problem) => {
    expect(() => read(...args)).toThrow(UsageError);
    expect(() => read(...args)).toThrow(problem);
    expect(() => read(...args)).toThrow(/^[^\n]*turnwire server --help[^\n]*$/);
    expect(() => read(...args)).not.toThrow(/secret/);
  });
});

describe("--timing", () => {
  it.each<[string, object]>([
    ["typical", timingPresets["typical"]!],
    ["firstTokenMs=300, perTokenMs=20.5", { firstTokenMs: 300, perTokenMs: 20.5 }],
    ["slow,jitter=0,seed=7", { ...timingPresets["slow"], jitter: 0, seed: 7 }],
  ])("reads %s", (text, timing) => expect(readTiming(text)).toEqual(timing));

  it.each([
    "",
    "fast,",
    "perToken=2",
    "perTokenMs",
    "perTokenMs=",
    "perTokenMs=-1",
    "perTokenMs=1=2",
    "fast=2",
    "jitter=0x1",
  ])("does not read %j", (text) => expect(readTiming(text)).toBeUndefined());
});
