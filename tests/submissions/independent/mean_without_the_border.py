# Leaves two rows at the border of the map out of the mean, as one often reads it, to avoid artefacts of the
# padding. What the filter responds to is the same. Everything right.
#
# /// label
# ///

# %% cnn
inputs = layers.Input(shape=(28, 28, 1))
x = layers.Conv2D(16, (3, 3), padding="same", activation="silu", name="conv2d")(inputs)
x = layers.MaxPooling2D((2, 2))(x)
x = layers.Conv2D(16, (3, 3), padding="same", activation="silu", name="conv2d_1")(x)
x = layers.Conv2D(16, (3, 3), padding="same", activation="silu", name="conv2d_2")(x)
x = layers.Conv2D(32, (3, 3), padding="same", activation="silu", name="conv2d_3")(x)
x = layers.MaxPooling2D((2, 2))(x)
x = layers.Flatten()(x)
outputs = layers.Dense(10, activation="softmax")(x)
model = keras.Model(inputs, outputs)

# %% train
model.compile(optimizer=keras.optimizers.RMSprop(1e-3), loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=4, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 32
visualized_feature = []

layer = model.get_layer(name=layer_name)
feature_extractor = keras.Model(inputs=model.inputs, outputs=layer.output)


def response(image, which):
    maps = feature_extractor(image)
    # the outermost positions see the zeros of the padding: not counted
    inside = maps[:, 2:-2, 2:-2, which]
    return tf.reduce_mean(inside)


def ascend(image, which):
    with tf.GradientTape() as tape:
        tape.watch(image)
        value = response(image, which)
    direction = normalize(tape.gradient(value, image))
    return value, image + step_size * direction


def make_picture(which):
    image = tf.random.uniform((1, 28, 28, 1)) * 0.5 + 0.25
    for _ in range(gradient_updates):
        value, image = ascend(image, which)
    return float(value), image.numpy()


final_values = []
for filter_index in range(number_of_filters):
    value, image = make_picture(filter_index)
    final_values.append(value)
    visualized_feature.append(image[0])

print("responses from", min(final_values), "to", max(final_values))

# %% plot
figure, grid = plt.subplots(4, 8, figsize=(12, 6.5))

for i in range(number_of_filters):
    panel = grid[i // 8][i % 8]
    panel.imshow(deprocess_image(visualized_feature[i].copy())[:, :, 0], cmap="gray")
    panel.set_title(f"feature {i}", fontsize=8)
    panel.set_axis_off()

plt.tight_layout()
plt.show()
