<?php
// Fills an empty WordPress with articles, as people do in its editors, and writes its export.
// Usage: php wordpress.php SITE ARTICLES.json MEDIA EXPORT.xml; moving.py runs it.

[, $site, $articles, $media, $export] = $argv;
define('WP_INSTALLING', true);
require "$site/wp-load.php";
foreach (['upgrade', 'image', 'export', 'nav-menu'] as $part) {
    require_once ABSPATH . "wp-admin/includes/$part.php";
}
wp_install('CRCM', 'admin', 'admin@old.example', true, '', 'unused', '');
$options = ['permalink_structure' => '/%year%/%monthnum%/%postname%/', 'timezone_string' => 'Europe/Paris'];
foreach ($options + ['posts_per_rss' => 10, 'blogdescription' => ''] as $name => $value) {
    update_option($name, $value);
}
$wp_rewrite->init();
$wp_rewrite->flush_rules(false);
wp_set_current_user(1);
foreach ([1, 2, 3] as $sample) {
    wp_delete_post($sample, true);
}
$author = wp_insert_user(['user_login' => 'com', 'user_pass' => 'unused', 'role' => 'editor',
    'display_name' => 'Service communication du CRCM', 'user_email' => 'com@old.example']);
$parent = wp_insert_term('Recherche', 'category', ['slug' => 'research'])['term_id'];
wp_insert_term('Prix', 'category', ['slug' => 'prix', 'parent' => $parent]);
wp_insert_term('Grand public', 'category', ['slug' => 'outreach']);
wp_insert_term('Soutiens', 'category', ['slug' => 'funding']);

function category(string $slug): int
{
    return get_term_by('slug', $slug, 'category')->term_id;
}

function insert(array $post): int
{
    return wp_insert_post(wp_slash($post), true);
}

function attach(string $file, string $media, string $alt, int $post): int
{
    $folder = wp_upload_dir();
    $path = "{$folder['path']}/$file";
    copy("$media/$file", $path);
    $id = wp_insert_attachment(['post_mime_type' => wp_check_filetype($file)['type'], 'post_title' => $file,
        'post_excerpt' => "Légende de $file", 'post_status' => 'inherit', 'guid' => "{$folder['url']}/$file"], $path, $post);
    wp_update_attachment_metadata($id, wp_generate_attachment_metadata($id, $path));
    update_post_meta($id, '_wp_attachment_image_alt', $alt);
    return $id;
}

function with_caption(int $picture, string $alt, string $text): string
{
    $image = '<img class="wp-image-' . $picture . '" src="' . wp_get_attachment_image_url($picture, 'medium') . '" alt="'
        . esc_attr($alt) . '" />';
    $link = '<a href="' . wp_get_attachment_url($picture) . "\">$image</a>";
    return "[caption id=\"attachment_$picture\" width=\"300\"]$link Légende[/caption]\n\n$text\n\n[gallery ids=\"$picture\"]";
}

function in_blocks(string $html): string
{
    $html = preg_replace('#<p>(.*?)</p>#s', "<!-- wp:paragraph -->\n<p>$1</p>\n<!-- /wp:paragraph -->", $html);
    $html = preg_replace('#<pre>.*?</pre>#s', "<!-- wp:code -->\n$0\n<!-- /wp:code -->", $html);
    $html = preg_replace('#<ul>.*?</ul>#s', "<!-- wp:list -->\n$0\n<!-- /wp:list -->", $html);
    return preg_replace('#<table>.*?</table>#s', "<!-- wp:table -->\n<figure class=\"wp-block-table\">$0</figure>\n<!-- /wp:table -->", $html);
}

$ids = [];
foreach (json_decode(file_get_contents($articles), true) as $number => $article) {
    $is_classic = $number % 2 == 0;
    $html = $is_classic ? str_replace('<p>', '', preg_replace('#</p>\s*#', "\n\n", $article['html'])) : in_blocks($article['html']);
    $state = strtotime($article['date']) > time() ? 'future' : 'publish';
    $id = insert(['post_title' => $article['title'], 'post_content' => $html, 'post_excerpt' => $article['summary'],
        'post_name' => $article['slug'], 'post_date' => $article['date'], 'post_status' => $article['is_draft'] ? 'draft' : $state,
        'post_author' => $author, 'post_category' => array_map('category', $article['categories']), 'tags_input' => $article['tags']]);
    if ($article['picture']) {
        $picture = attach($article['picture'], $media, $article['alt'], $id);
        set_post_thumbnail($id, $picture);
        $html = $is_classic ? with_caption($picture, $article['alt'], $html) : $html;
        wp_update_post(wp_slash(['ID' => $id, 'post_content' => $html]));
    }
    $ids[$article['slug']] = $id;
}
foreach ($ids as $id) {
    $text = get_post($id)->post_content;
    $linked = preg_replace_callback('#LINK:([a-z0-9-]+)#', fn ($match) => get_permalink($ids[$match[1]]), $text);
    if ($linked !== $text) {
        wp_update_post(wp_slash(['ID' => $id, 'post_content' => $linked]));
    }
}

$plugins = "Un [su_box title=\"x\"]cadre[/su_box] et\n\n[contact-form-7 id=\"12\" title=\"Contact\"]\n\n"
    . '[embed]https://www.youtube.com/watch?v=abc[/embed]';
$others = [
    ['post_title' => 'Protégé', 'post_password' => 'x'],
    ['post_title' => 'Privé', 'post_status' => 'private'],
    ['post_title' => 'En attente', 'post_status' => 'pending'],
    ['post_title' => 'Corbeille', 'post_status' => 'trash'],
    ['post_title' => 'Bonne année 🎉', 'post_content' => $plugins, 'post_name' => 'bonne-année-été', 'post_date' => '2023-01-02 09:00:00'],
    ['post_title' => 'À propos', 'post_type' => 'page'],
    ['post_title' => 'Conférence', 'post_type' => 'event', 'post_date' => '2024-05-05 10:00:00'],
    ['post_title' => 'Visite', 'post_type' => 'event', 'post_date' => '2024-06-05 10:00:00'],
];
foreach ($others as $post) {
    insert($post + ['post_content' => 'Texte', 'post_status' => 'publish', 'post_author' => $author, 'post_category' => [category('prix')]]);
}
stick_post($ids['dons']);
wp_insert_comment(['comment_post_ID' => $ids['dons'], 'comment_content' => 'Bravo', 'comment_author' => 'Une lectrice', 'comment_approved' => 1]);
$item = ['menu-item-title' => 'Accueil', 'menu-item-url' => home_url('/'), 'menu-item-status' => 'publish'];
wp_update_nav_menu_item(wp_create_nav_menu('Principal'), 0, $item);
ob_start();
export_wp(['content' => 'all']);
$document = ob_get_clean();
file_put_contents($export, substr($document, 0, strpos($document, "\n") + 1) . substr($document, strpos($document, '<rss')));
