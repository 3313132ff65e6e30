/** Process hosts: children of the driver on this machine. */
import { hostScenes } from '../conformance/hosts.js';

hostScenes('process');
