/** The workflow as another repository has it: the action comes from `action`, and only the configuration from a checkout. */
export function workflowFor(workflow: string, action: string): string {
  const copy = workflow
    .replace(/ {6}# The action is in this repository\.\n {6}- uses: actions\/checkout@.*\n( {8}.*\n)+/, '')
    .replaceAll('uses: ./', `uses: ${action}`)
    .replace(/ See docs\/\S+$/m, '');
  if ((copy.match(/actions\/checkout@/g) ?? []).length !== 1)
    throw new RangeError('one checkout is needed, of the configuration');
  return copy;
}
