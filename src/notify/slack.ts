import { Fault } from '../fault.ts';
import { careful, type Patience } from './web.ts';

const WHAT = 'the Slack webhook';

/** Posts one message to an incoming webhook. The URL is a secret: no Fault names it. */
export async function postToSlack(url: URL, text: string, patience: Patience): Promise<void> {
  const answer = await careful(WHAT, patience)(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ text }),
  });
  if (answer.ok) return;
  const gone = answer.status === 403 || answer.status === 404 || answer.status === 410;
  throw new Fault('slack_refused', `${WHAT} does not take the message (${answer.status})`, {
    fix: gone ? 'it was revoked or is not whole: put a new one into SLACK_WEBHOOK_URL' : 'run it again in some minutes',
  });
}
