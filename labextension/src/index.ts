// The plugins of nb2prod, a line each.

import { clientPlugin, looksPlugin } from './analysis/plugin';
import { findingsPlugin } from './findings/plugin';
import { pipelinePlugin, stepStatesPlugin } from './pipeline/plugin';

export default [clientPlugin, looksPlugin, stepStatesPlugin, findingsPlugin, pipelinePlugin];
