import { type ScaleLinear, type ScaleTime, scaleLinear, scaleUtc } from 'd3-scale';
import type { Stretch } from './gaps.ts';

/** How large a chart is drawn, in the units of its own coordinates; text is drawn in 12 of them. */
export interface Size {
  name: 'wide' | 'narrow';
  width: number;
  height: number;
  /** Ticks on the time axis, about. */
  ticks: number;
  buckets: number;
}

/** Where a chart draws what. */
export interface Plane {
  x: ScaleTime<number, number>;
  y: ScaleLinear<number, number>;
  left: number;
  right: number;
  top: number;
  /** Where zero is. */
  base: number;
  /** The middle of the row of marks below zero, one for each bucket with runs. */
  row: number;
  yTicks: number[];
  calm: boolean;
}

const TOP = 26;
const RIGHT = 14;
const BELOW = 40;
const ROW = 11;
const CALM_HEIGHT = 96;
const LETTER = 7;
const COMPACT = new Intl.NumberFormat('en-US', { notation: 'compact' });

/** The scales of a chart; `most` is the highest number in it. All zero is calm: a low chart with a flat line. */
export function planeOf({ width, height, ticks: _ }: Size, { from, to }: Stretch, most: number): Plane {
  const calm = most === 0;
  const base = heightOf(height, calm) - BELOW;
  const y = scaleLinear([0, Math.max(1, most)], [base, TOP]).nice(4);
  const yTicks = calm ? [0] : y.ticks(4).filter(Number.isInteger);
  const left = 10 + LETTER * Math.max(...yTicks.map((tick) => tickText(tick).length));
  const right = width - RIGHT;
  return { x: scaleUtc([from, to], [left, right]), y, left, right, top: TOP, base, row: base + ROW, yTicks, calm };
}

/** A calm chart is a low one. */
export function heightOf(height: number, calm: boolean): number {
  return calm ? CALM_HEIGHT : height;
}

/** `1.2K` */
export function tickText(value: number): string {
  return COMPACT.format(value);
}

/** A coordinate to a tenth: more is lost on every screen. */
export function px(value: number): number {
  return Math.round(value * 10) / 10;
}
