// The plugins of nb2prod, a line each.

import { clientPlugin, looksPlugin } from './analysis/plugin';
import { convertPlugin } from './convert/plugin';
import { runPlugin } from './run/plugin';
import { runsPlugin } from './runs/plugin';
import { schedulesPlugin } from './schedules/plugin';
import { browsingPlugin, schedulerPlugin } from './ui/plugin';
import { findingsPlugin } from './findings/plugin';
import { pipelinePlugin, stepStatesPlugin } from './pipeline/plugin';
import { tagCommandsPlugin, tagsPlugin } from './tags/plugin';

export default [
  clientPlugin,
  looksPlugin,
  tagsPlugin,
  tagCommandsPlugin,
  stepStatesPlugin,
  findingsPlugin,
  pipelinePlugin,
  schedulerPlugin,
  browsingPlugin,
  convertPlugin,
  runPlugin,
  schedulesPlugin,
  runsPlugin
];
