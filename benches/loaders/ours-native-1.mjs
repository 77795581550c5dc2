// Ours: native operations on one thread.
import { native } from "./ours-native.mjs";

export default native(1);
