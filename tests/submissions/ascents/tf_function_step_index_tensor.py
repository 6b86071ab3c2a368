# One step of the ascent is a tf.function; the number of the filter goes in as a tensor, so that the graph
# is traced once and still knows which filter it is climbing. The images are kept as tensors, not as numpy
# arrays.
#
# /// label
# ///

# %% cnn
model = keras.Sequential([
    layers.Input((28, 28, 1)),
    layers.Conv2D(16, 3, strides=2, padding="same", activation="relu", name="conv2d"),
    layers.Conv2D(32, 3, padding="same", activation="relu", name="conv2d_1"),
    layers.Conv2D(32, 3, padding="same", activation="relu", name="conv2d_2"),
    layers.Conv2D(64, 3, padding="same", activation="relu", name="conv2d_3"),
    layers.MaxPool2D(),
    layers.Flatten(),
    layers.Dropout(0.4),
    layers.Dense(10, activation="softmax"),
])

# %% train
model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=4, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64
visualized_feature = []

cut = keras.Model(model.inputs, model.get_layer(layer_name).output)


@tf.function
def ascent_step(img, index):
    with tf.GradientTape() as tape:
        tape.watch(img)
        fmap = cut(img)[..., index]
        loss = tf.reduce_mean(fmap)
    grad = tape.gradient(loss, img)
    return img + step_size * normalize(grad), loss


for filter_index in range(number_of_filters):
    # a python int would make a new graph for each filter, which takes ages
    index = tf.constant(filter_index)
    img = tf.random.uniform((1, 28, 28, 1))
    for update in range(gradient_updates):
        img, loss = ascent_step(img, index)
    visualized_feature.append(img)
    if filter_index % 8 == 0:
        tf.print("filter", filter_index, "loss", loss)

# %% plot
figure = plt.figure(figsize=(12, 12))

for k, t in enumerate(visualized_feature):
    plt.subplot(8, 8, k + 1)
    plt.imshow(deprocess_image(t.numpy().copy())[0], cmap="gray")
    plt.title(f"feature {k}", fontsize=9)
    plt.xticks([])
    plt.yticks([])

plt.show()
