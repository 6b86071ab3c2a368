# The convolutions have no activation; each is followed by a ReLU layer of its own. So the output of
# conv2d_3 is what goes into the ReLU, and that is what is maximised: no filter is dead there. Compiled
# step, 64 filters.
#
# /// label
# ///

# %% cnn
def block(x, filters, name):
    x = layers.Conv2D(filters, 3, padding="same", name=name)(x)
    return layers.ReLU()(x)


inputs = layers.Input(shape=(28, 28, 1))
x = block(inputs, 8, "conv2d")
x = layers.MaxPooling2D()(x)
x = block(x, 16, "conv2d_1")
x = block(x, 32, "conv2d_2")
x = block(x, 64, "conv2d_3")
x = layers.MaxPooling2D()(x)
x = layers.Flatten()(x)
x = layers.Dense(10)(x)
outputs = layers.Activation("softmax")(x)
model = keras.Model(inputs, outputs)

# %% train
model.compile(optimizer=keras.optimizers.Adam(), loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=3, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64
visualized_feature = []

before_relu = keras.Model(inputs, model.get_layer(layer_name).output)


@tf.function(input_signature=[tf.TensorSpec((1, 28, 28, 1)), tf.TensorSpec((), tf.int32)])
def update_image(image, channel):
    with tf.GradientTape() as tape:
        tape.watch(image)
        loss = tf.reduce_mean(before_relu(image)[:, :, :, channel])
    return image + step_size * normalize(tape.gradient(loss, image))


for filter_index in range(number_of_filters):
    image = tf.random.uniform((1, 28, 28, 1))
    for update in range(gradient_updates):
        image = update_image(image, tf.constant(filter_index))
    visualized_feature.append(image.numpy())

# %% plot
figure, axes = plt.subplots(8, 8, figsize=(12, 12), subplot_kw={"xticks": [], "yticks": []})

for i, ax in enumerate(axes.flat):
    ax.imshow(deprocess_image(visualized_feature[i].copy())[0, ..., 0], cmap="gray")
    ax.set_title(f"feature {i}")

plt.show()
