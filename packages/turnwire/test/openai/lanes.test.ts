import { describe, expect, it } from "vitest";
import { Conversation, ItemLog } from "../../src/openai/request/conversation.ts";
import { Exchange, type ExchangeHost } from "../../src/openai/connection/exchange.ts";
import { type Lane, Lanes, tenantsPerConnection } from "../../src/openai/connection/lanes.ts";
import { Tenant } from "../../src/openai/connection/tenant.ts";
import { toEvent } from "../../src/protocol/index.ts";

const ada = new Tenant();
const bob = new Tenant();
const cy = new Tenant();

const nothing = new Conversation(new ItemLog(), []);

const noConnection = (): never => {
  throw new Error("lanes are chosen without a connection");
};

const host: ExchangeHost = {
  get connection() {
    return noConnection();
  },
  cancel: noConnection,
  onBacklog: noConnection,
  onLeft: noConnection,
  onEnded: noConnection,
  isPast: noConnection,
};

function occupy(lane: Lane): void {
  lane.occupy();
}

/** The lane's exchange ends; with a response that can be continued, if it has an id. */
function free(lane: Lane, responseId?: string): void {
  lane.vacate();
  if (responseId !== undefined) lane.keep({ responseId, conversation: nothing, parts: [] });
}

interface Step {
  /** The owner whose turn it is. */
  owner: Tenant;
  /** The lane whose response is continued, by its name. */
  parent?: string;
  /** Whether the turn is over before the next one. Default: yes, with a response. */
  ends?: "with a response" | "without" | "never";
  takes: string | undefined;
}

const nameOf = (lane: Lane | undefined): string | undefined => lane?.name;

function run(lanes: Lanes, steps: readonly Step[], owners: number): Array<string | undefined> {
  return steps.map(({ owner, parent, ends = "with a response" }, index) => {
    const lane = lanes.take(
      owner,
      parent === undefined ? undefined : lanes.all.find(({ name }) => name === parent),
      owners,
    );
    if (lane === undefined) return undefined;
    occupy(lane);
    if (ends !== "never") free(lane, ends === "without" ? undefined : `resp_${index}`);
    return lane.name;
  });
}

const numbers = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => String(from + index));

/** Turns that do not end, one per lane. */
const running = (owner: Tenant, from: number, to: number): Step[] =>
  numbers(from, to).map((takes) => ({ owner, ends: "never", takes }));

const turns = (owner: Tenant, ...lanes: string[]): Step[] => lanes.map((takes) => ({ owner, takes }));

describe("the lane that is taken", () => {
  it.each<{ name: string; owners?: number; steps: readonly Step[] }>([
    { name: "an owner moves over four lanes", steps: turns(ada, "1", "2", "3", "4") },
    {
      name: "after four, the one whose response is the oldest is taken",
      steps: turns(ada, "1", "2", "3", "4", "1", "2", "3", "4", "1"),
    },
    {
      name: "the parent's lane is passed over, though its response is the oldest",
      steps: [...turns(ada, "1", "2", "3", "4"), { owner: ada, parent: "1", takes: "2" }],
    },
    {
      name: "the parent's lane is passed over each time, so that the parent stays alive",
      steps: [
        ...turns(ada, "1", "2", "3", "4"),
        { owner: ada, parent: "1", takes: "2" },
        { owner: ada, parent: "1", takes: "3" },
        { owner: ada, parent: "1", takes: "4" },
        { owner: ada, parent: "1", takes: "2" },
      ],
    },
    {
      name: "a lane that keeps no response is taken before older ones that do",
      steps: [
        ...turns(ada, "1", "2"),
        { owner: ada, ends: "without", takes: "3" },
        ...turns(ada, "4"),
        { owner: ada, takes: "3" },
        { owner: ada, takes: "1" },
      ],
    },
    {
      name: "a lane whose turn has not ended is passed over",
      steps: [{ owner: ada, ends: "never", takes: "1" }, ...turns(ada, "2", "3", "4", "2", "3", "4", "2")],
    },
    {
      name: "another one is made when none of the four is free",
      steps: [...running(ada, 1, 4), { owner: ada, takes: "5" }, { owner: ada, takes: "5" }],
    },
    {
      name: "another one is made when of the four only the parent's is free",
      steps: [
        ...turns(ada, "1"),
        ...running(ada, 2, 4),
        { owner: ada, parent: "1", takes: "5" },
        { owner: ada, parent: "5", takes: "1" },
      ],
    },
    {
      name: "owners have lanes of their own",
      owners: 2,
      steps: [
        ...turns(ada, "1"),
        ...turns(bob, "2"),
        ...turns(ada, "3"),
        ...turns(bob, "4"),
        ...turns(ada, "5", "6", "1", "3"),
        ...turns(bob, "7", "8", "2"),
      ],
    },
    { name: "eight owners have four lanes each", owners: 8, steps: turns(ada, "1", "2", "3", "4", "1") },
    { name: "nine owners have three lanes each", owners: 9, steps: turns(ada, "1", "2", "3", "1", "2") },
    { name: "ten owners have three lanes each", owners: 10, steps: turns(ada, "1", "2", "3", "1") },
    { name: "eleven owners have two lanes each", owners: 11, steps: turns(ada, "1", "2", "1", "2") },
    { name: "however many owners there are, each has two lanes", owners: 40, steps: turns(ada, "1", "2", "1") },
    { name: "a count of no owners gives four lanes, too", owners: 0, steps: turns(ada, "1", "2", "3", "4", "1") },
    {
      name: "sixteen requests in flight are the most",
      steps: [...running(ada, 1, 16), { owner: ada, takes: undefined }, { owner: bob, takes: undefined }],
    },
  ])("$name", ({ owners = 1, steps }) => {
    expect(run(new Lanes(), steps, owners)).toEqual(steps.map(({ takes }) => takes));
  });

  it("is free again once a request in flight has ended", () => {
    const lanes = new Lanes();
    run(lanes, running(ada, 1, 16), 1);
    free(lanes.all[6]!);
    expect(nameOf(lanes.take(ada, undefined, 1))).toBe("7");
  });

  it("is passed over while a response on another lane is about to continue its own", () => {
    const lanes = new Lanes();
    run(lanes, turns(ada, "1", "2", "3", "4"), 1);
    lanes.all[0]!.hold();
    expect(nameOf(lanes.take(ada, undefined, 1))).toBe("2");
    lanes.all[0]!.release();
    expect(nameOf(lanes.take(ada, undefined, 1))).toBe("1");
  });

  it("is held back as a parent's by the exchange that forks from it, until that has begun", () => {
    const lanes = new Lanes();
    run(lanes, turns(ada, "1", "2", "3", "4"), 1);
    const [source, lane] = lanes.all;
    const parent = { holder: source!, responseId: "resp_0" };
    const place = { lane: lane!, tenant: ada, parent, conversation: nothing, reader: "turn" } as const;
    const fork = new Exchange(host, place);
    expect(source!.isFree).toBe(false);
    fork.deliver(toEvent({ type: "response.created", response: { id: "resp_9" } }));
    expect(source!.isFree).toBe(false);
    fork.deliver(toEvent({ type: "response.in_progress", response: { id: "resp_9" } }));
    expect(source!.isFree).toBe(true);
  });

  it("says when it was used last", () => {
    const lanes = new Lanes();
    run(lanes, turns(ada, "1", "2", "3", "4", "1"), 1);
    expect(lanes.all.map(({ name, usedAt }) => [name, usedAt])).toEqual([
      ["1", 5],
      ["2", 2],
      ["3", 3],
      ["4", 4],
    ]);
  });
});

describe("a connection that has had its 32 lanes", () => {
  /** Eight owners with four lanes each; lane n was used as the n-th. */
  function full(): { lanes: Lanes; owners: Tenant[] } {
    const lanes = new Lanes();
    const owners = Array.from({ length: 8 }, () => new Tenant());
    for (const [index, owner] of owners.entries()) {
      run(lanes, turns(owner, ...numbers(index * 4 + 1, index * 4 + 4)), 8);
    }
    return { lanes, owners };
  }

  it("makes no other: the one unused the longest is taken from its owner", () => {
    const { lanes, owners } = full();
    const lane = lanes.take(ada, undefined, 8);
    expect(nameOf(lane)).toBe("1");
    expect(lane).toMatchObject({ tenant: ada, latest: undefined, isFree: true });
    expect(lanes.all).toHaveLength(32);
    expect(lanes.of(owners[0]!).map(nameOf)).toEqual(["2", "3", "4"]);
  });

  it("takes the next ones unused the longest while that is taken", () => {
    const { lanes } = full();
    expect(run(lanes, running(ada, 1, 4), 8)).toEqual(["1", "2", "3", "4"]);
  });

  it("takes one without an owner first", () => {
    const { lanes, owners } = full();
    lanes.release(owners[5]!);
    expect(nameOf(lanes.take(ada, undefined, 8))).toBe("21");
  });

  it("gives an owner with one lane a second one that has no owner", () => {
    const { lanes, owners } = full();
    lanes.release(owners[5]!);
    expect(run(lanes, turns(ada, "21", "22", "23"), 9)).toEqual(["21", "22", "23"]);
  });

  it("gives an owner whose only lane is the parent's another that has no owner", () => {
    const { lanes, owners } = full();
    lanes.release(owners[5]!);
    run(lanes, turns(ada, "21"), 9);
    expect(nameOf(lanes.take(ada, lanes.all[20], 9))).toBe("22");
  });

  it("gives an owner one without an owner rather than the parent's own, though the owner has its share", () => {
    const { lanes, owners } = full();
    lanes.release(owners[5]!);
    for (const lane of lanes.all.slice(28, 31)) occupy(lane);
    expect(nameOf(lanes.take(owners[7]!, lanes.all[31], 8))).toBe("21");
  });

  it("gives an owner with one lane a second one from an owner with more than two", () => {
    const { lanes, owners } = full();
    expect(run(lanes, turns(ada, "1", "2"), 9)).toEqual(["1", "2"]);
    expect(lanes.of(owners[0]!).map(nameOf)).toEqual(["3", "4"]);
    expect(run(lanes, turns(bob, "5", "6"), 10)).toEqual(["5", "6"]);
    expect(run(lanes, turns(ada, "1", "2"), 10)).toEqual(["1", "2"]);
  });

  it("takes one that was not free yet when its owner left, once it is", () => {
    const { lanes, owners } = full();
    occupy(lanes.all[20]!);
    lanes.release(owners[5]!);
    run(lanes, turns(ada, "22", "23", "24"), 9);
    free(lanes.all[20]!, "resp_9");
    const lane = lanes.take(bob, undefined, 9);
    expect(lane).toMatchObject({ name: "21", tenant: bob, latest: undefined });
  });

  it("takes no lane from its owner that is not free", () => {
    const { lanes } = full();
    occupy(lanes.all[0]!);
    lanes.all[1]!.hold();
    expect(nameOf(lanes.take(ada, undefined, 8))).toBe("3");
  });

  it("gives an owner one of its own before another's", () => {
    const { lanes, owners } = full();
    expect(nameOf(lanes.take(owners[7]!, undefined, 8))).toBe("29");
  });

  it("gives an owner the parent's own lane before another's", () => {
    const { lanes, owners } = full();
    for (const lane of lanes.all.slice(28, 31)) occupy(lane);
    const parent = lanes.all[31]!;
    expect(nameOf(lanes.take(owners[7]!, parent, 8))).toBe("32");
  });

  it("gives an owner another's lane when its own are all taken", () => {
    const { lanes, owners } = full();
    for (const lane of lanes.all.slice(28)) occupy(lane);
    expect(nameOf(lanes.take(owners[7]!, lanes.all[31], 8))).toBe("1");
  });
});

describe("whose a lane is", () => {
  it("returns the lanes of an owner, and no others", () => {
    const lanes = new Lanes();
    run(lanes, [...turns(ada, "1"), ...turns(bob, "2"), ...turns(ada, "3")], 3);
    expect([ada, bob, cy].map((owner) => lanes.of(owner).map(nameOf))).toEqual([["1", "3"], ["2"], []]);
  });

  it("an owner that has gone leaves its lanes to anybody, without their responses", () => {
    const lanes = new Lanes();
    run(lanes, [...turns(ada, "1"), ...turns(bob, "2"), { owner: ada, ends: "never", takes: "3" }], 2);
    lanes.release(ada);
    expect(lanes.all.map(({ name, tenant, latest }) => [name, tenant, latest?.responseId])).toEqual([
      ["1", undefined, undefined],
      ["2", bob, "resp_1"],
      ["3", undefined, undefined],
    ]);
  });
});

describe("requests in flight", () => {
  it.each([
    { name: "none at first", steps: [], inFlight: 0 },
    { name: "none after turns that ended", steps: turns(ada, "1", "2"), inFlight: 0 },
    { name: "those that have not ended", steps: [...turns(ada, "1"), ...running(ada, 2, 4)], inFlight: 3 },
    {
      name: "those of all owners",
      steps: [...running(ada, 1, 2), ...running(bob, 3, 3), ...turns(ada, "4")],
      inFlight: 3,
    },
  ])("are counted: $name", ({ steps, inFlight }) => {
    const lanes = new Lanes();
    run(lanes, steps, 1);
    expect(lanes.inFlight).toBe(inFlight);
  });

  it("leave room for three abandoned replies when each owner has a turn", () => {
    expect(tenantsPerConnection).toBe(13);
  });
});

describe("a server without lanes", () => {
  it("has one lane without a name for every tenant", () => {
    const lanes = new Lanes();
    const lane = lanes.takeDefault(ada)!;
    expect(lane).toMatchObject({ name: undefined, tenant: ada, usedAt: 1 });
    expect(lanes.takeDefault(bob)).toBe(lane);
    expect(lane).toMatchObject({ tenant: bob, usedAt: 2 });
    expect(lanes.all).toEqual([lane]);
  });

  it("takes no turn while one is running", () => {
    const lanes = new Lanes();
    const lane = lanes.takeDefault(ada)!;
    occupy(lane);
    expect(lanes.takeDefault(ada)).toBeUndefined();
    expect(lanes.takeDefault(bob)).toBeUndefined();
    expect(lane.tenant).toBe(ada);
    free(lane);
    expect(lanes.takeDefault(bob)).toBe(lane);
  });

  it("takes no turn while one with a name is running", () => {
    const lanes = new Lanes();
    run(lanes, running(ada, 1, 1), 1);
    expect(lanes.takeDefault(ada)).toBeUndefined();
    free(lanes.all[0]!);
    expect(lanes.takeDefault(ada)).toMatchObject({ name: undefined, tenant: ada });
  });

  it("has had all along only the lane of the turn that showed it", () => {
    const lanes = new Lanes();
    run(lanes, [...turns(ada, "1", "2"), { owner: ada, ends: "never", takes: "3" }], 1);
    const lane = lanes.all[2]!;
    lanes.collapseTo(lane);
    expect(lanes.all).toEqual([lane]);
    expect(lane.name).toBeUndefined();
    free(lane, "resp_1");
    expect(lanes.takeDefault(ada)).toBe(lane);
    expect(lane.latest?.responseId).toBe("resp_1");
  });
});
