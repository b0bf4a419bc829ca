import { InvalidArgumentError, kindOf } from "../errors.ts";

/** What is wrong with a value, such as "must be a string, not a number"; undefined when nothing is. */
export type SettingCheck = (value: unknown) => string | undefined;

/** The settings of a service: what each may be, and what it is when nobody says. */
export interface SettingsTable<Settings extends object> {
  checks: { readonly [K in keyof Settings]-?: SettingCheck };
  defaults: Settings;
}

export const expectText: SettingCheck = (value) =>
  typeof value === "string" && value !== "" ? undefined : `must be a text, not ${kindOf(value)}`;

export const expectFlag: SettingCheck = (value) =>
  typeof value === "boolean" ? undefined : `must be true or false, not ${kindOf(value)}`;

export const expectNumber =
  (low: number, high: number): SettingCheck =>
  (value) =>
    typeof value === "number" && value >= low && value <= high
      ? undefined
      : `must be a number from ${low} to ${high}, not ${kindOf(value)}`;

/**
 * The settings with changes applied; one set to undefined goes back to its default.
 * @throws InvalidArgumentError naming the setting that is unknown or cannot be used; nothing is changed then.
 */
export function changedSettings<Settings extends object>(
  table: SettingsTable<Settings>,
  settings: Settings,
  changes: Readonly<Record<string, unknown>>,
): Settings {
  const { checks, defaults } = table;
  const changed = { ...settings } as Record<string, unknown>;
  for (const [field, value] of Object.entries(changes)) {
    const check = Object.hasOwn(checks, field) ? checks[field as keyof Settings] : undefined;
    if (check === undefined) {
      throw new InvalidArgumentError(
        `settings.${field}`,
        `unknown; the settings are ${Object.keys(checks).join(", ")}`,
      );
    }
    const problem = value === undefined ? undefined : check(value);
    if (problem !== undefined) throw new InvalidArgumentError(`settings.${field}`, problem);
    changed[field] = value ?? (defaults as Record<string, unknown>)[field];
  }
  return changed as Settings;
}
