// Reads a feed with a client of the npm registry, and prints what that makes of its entries, as JSON.
// node clients.mjs CLIENT ADDRESS
import { parseFeed as rowanmanning } from "@rowanmanning/feed-parser";
import { parseFeed as feedsmith } from "feedsmith";
import RssParser from "rss-parser";

const [client, address] = process.argv.slice(2);
const text = await (await fetch(address)).text();
const one = (values) => (values ?? [])[0];

const clients = {
  "rss-parser": async () =>
    (await new RssParser({ customFields: { item: ["media:content"] } }).parseString(text)).items.map((item) => ({
      id: item.guid ?? item.id,
      link: item.link,
      title: item.title,
      published: item.isoDate,
      authors: [item.creator ?? item.author].filter(Boolean),
      categories: item.categories,
      picture: item["media:content"]?.$.url,
      alt: item["media:content"]?.["media:description"]?.[0]?._,
      enclosure: item.enclosure && [item.enclosure.url, item.enclosure.type, Number(item.enclosure.length)],
      content: item["content:encoded"] ?? item.content,
    })),
  n8n: async () => (await new RssParser().parseString(text)).items,
  "@rowanmanning/feed-parser": async () =>
    rowanmanning(text).items.map((item) => ({
      id: item.id,
      link: item.url,
      title: item.title,
      published: item.published,
      authors: item.authors.map((each) => each.name),
      categories: item.categories.map((each) => each.label),
      picture: item.image?.url,
      alt: item.image?.title,
      enclosure: item.media[0] && [item.media[0].url, item.media[0].mimeType, item.media[0].length],
      content: item.content,
    })),
  feedsmith: async () => {
    const { format, feed } = feedsmith(text);
    const read = {
      rss: (item) => ({
        id: item.guid?.value,
        link: item.link,
        title: item.title,
        published: item.pubDate,
        authors: item.dc?.creators,
        categories: item.categories?.map((each) => each.name),
        picture: one(item.media?.contents)?.url,
        alt: one(item.media?.contents)?.description?.value,
        enclosure: item.enclosures && [item.enclosures[0].url, item.enclosures[0].type, item.enclosures[0].length],
        content: item.content?.encoded,
      }),
      atom: (entry) => {
        const enclosures = entry.links.filter((each) => each.rel === "enclosure");
        const picture = enclosures.find((each) => each.type.startsWith("image/"));
        return {
          id: entry.id,
          link: one(entry.links.filter((each) => each.rel === "alternate"))?.href,
          title: entry.title?.value,
          published: entry.published,
          authors: entry.authors?.map((each) => each.name),
          categories: entry.categories?.map((each) => each.term),
          picture: picture?.href,
          alt: picture?.title,
          enclosure: enclosures[0] && [enclosures[0].href, enclosures[0].type, enclosures[0].length],
          content: entry.content?.value,
        };
      },
      json: (item) => ({
        id: item.id,
        link: item.url,
        title: item.title,
        published: item.date_published,
        authors: item.authors?.map((each) => each.name),
        categories: item.tags,
        picture: item.image,
        enclosure: item.attachments && [
          item.attachments[0].url, item.attachments[0].mime_type, item.attachments[0].size_in_bytes,
        ],
        content: item.content_html,
      }),
    };
    return (feed.items ?? feed.entries).map(read[format]);
  },
};
console.log(JSON.stringify(await clients[client]()));
