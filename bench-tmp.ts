import { openRaster } from "@graticule/data-geotiff";
const [path, size, count] = [process.argv[2]!, Number(process.argv[3]), Number(process.argv[4])];
const r = await openRaster(path);
let seed=1; const rnd=(n:number)=>{seed=(seed*1103515245+12345)%2147483648; return Math.floor(seed/2147483648*n)};
const wins = Array.from({length:count},()=>({row:rnd(r.height-size),column:rnd(r.width-size),height:size,width:size}));
const run=async()=>{ let i=0; await Promise.all(Array.from({length:4},async()=>{ while(i<count){ const w=wins[i++]!; await r.readWindow(w);} })) };
await run(); const t=performance.now(); await run(); console.log(((performance.now()-t)/count).toFixed(3));
