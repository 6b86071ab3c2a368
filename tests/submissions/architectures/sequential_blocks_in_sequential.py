# Blocks of convolution, activation and pooling, each a Sequential, stacked in a Sequential; fit gets a
# tf.data pipeline. For the ascent the image is handed through the layers of the blocks one by one, up to
# the layer of that name. 24 filters in a grid of 4 x 6. Correct.
#
# /// label
# ///

# %% cnn
def block(filters, conv_name, pool):
    b = keras.Sequential(name="block_" + conv_name)
    b.add(layers.Conv2D(filters, 3, padding="same", name=conv_name))
    b.add(layers.ReLU())
    if pool:
        b.add(layers.MaxPooling2D())
    return b


head = keras.Sequential([layers.Flatten(), layers.Dense(10, activation="softmax")], name="head")

model = keras.Sequential([
    layers.Input(shape=(28, 28, 1)),
    block(8, "conv2d", pool=True),
    block(16, "conv2d_1", pool=False),
    block(16, "conv2d_2", pool=True),
    block(24, "conv2d_3", pool=False),
    head,
])
model.summary(expand_nested=True)

# %% train
train_ds = tf.data.Dataset.from_tensor_slices((x_train, y_train))
train_ds = train_ds.shuffle(8192).batch(32).prefetch(tf.data.AUTOTUNE)
test_ds = tf.data.Dataset.from_tensor_slices((x_test, y_test)).batch(256)

model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(train_ds, epochs=4, validation_data=test_ds, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 24
visualized_feature = []


def maps_of(image):
    # model.get_layer only looks at the outermost level, so I walk through all blocks
    for b in model.layers:
        for layer in b.layers:
            image = layer(image)
            if layer.name == layer_name:
                return image


for filter_index in range(number_of_filters):
    input_img = tf.Variable(tf.random.uniform((1, 28, 28, 1)))
    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(maps_of(input_img)[..., filter_index])
        grads = normalize(tape.gradient(loss, input_img))
        input_img.assign_add(step_size * grads)
    visualized_feature.append(input_img.numpy()[0])

# %% plot
figure = plt.figure(figsize=(9, 6.5))
grid = figure.add_gridspec(4, 6)
for i, f in enumerate(visualized_feature):
    panel = figure.add_subplot(grid[i // 6, i % 6])
    panel.imshow(deprocess_image(f.copy()), cmap="gray")
    panel.set_title(f"feature {i}")
    panel.axis("off")
plt.tight_layout()
plt.show()
