// Both src/ and dist/ lie one level below the app's folder.
export const presetsFolder = new URL("../presets/", import.meta.url);
