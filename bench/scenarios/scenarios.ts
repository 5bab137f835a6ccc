import type { Scenario } from '../scenario.ts';
import { backfillScenario } from './backfill.ts';
import { checkScenario } from './check.ts';
import { growthScenario } from './growth.ts';
import { kindnessScenario } from './kindness.ts';
import { poisonScenario } from './poison.ts';
import { startUpScenario } from './start-up.ts';
import { steadyScenario } from './steady.ts';

/** All of them, in the order of the page. */
export const SCENARIOS: readonly Scenario[] = [
  backfillScenario,
  checkScenario,
  growthScenario,
  steadyScenario,
  kindnessScenario,
  startUpScenario,
  poisonScenario,
];
