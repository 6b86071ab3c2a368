# Four convolution layers are written down, but the last one is connected to the wrong tensor (b instead of
# c), so the third is not on the way from the image to the probabilities: the network has three.
#
# /// label
# cnn = "partial"
#
# [feedback_mentions]
# cnn = ["convolution"]
#
# [causes]
# cnn = ["few_convolutions", "unused_convolutions"]
# ///

# %% cnn
options = {"kernel_size": (3, 3), "padding": "same", "activation": "relu"}

image_in = layers.Input(shape=(28, 28, 1), name="digit")
a = layers.Conv2D(8, name="conv2d", **options)(image_in)
a = layers.MaxPooling2D(name="half")(a)
b = layers.Conv2D(16, name="conv2d_1", **options)(a)
c = layers.Conv2D(32, name="conv2d_2", **options)(b)
d = layers.Conv2D(64, name="conv2d_3", **options)(b)
d = layers.MaxPooling2D(name="quarter")(d)
e = layers.Flatten()(d)
e = layers.Dropout(0.25)(e)
digit_out = layers.Dense(10, activation="softmax", name="digit_out")(e)

model = keras.models.Model(inputs=image_in, outputs=digit_out)

# %% train
model.compile(
    optimizer=keras.optimizers.RMSprop(learning_rate=1e-3),
    loss="categorical_crossentropy",
    metrics=["accuracy"],
)
results = model.fit(x_train, y_train, batch_size=32, epochs=4, verbose=2)
plt.semilogy(results.history["loss"])
plt.show()

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64
visualized_feature = []

maps_of = keras.models.Model(inputs=image_in, outputs=model.get_layer(layer_name).output)


@tf.function
def uphill(picture, number):
    with tf.GradientTape() as tape:
        tape.watch(picture)
        level = tf.reduce_mean(tf.gather(maps_of(picture), number, axis=3))
    slope = tape.gradient(level, picture)
    return picture + step_size * normalize(slope), level


for filter_index in range(number_of_filters):
    input_img = tf.random.uniform([1, 28, 28, 1])
    for update in range(gradient_updates):
        # the number goes in as a tensor, otherwise the function is compiled 64 times
        input_img, loss = uphill(input_img, tf.constant(filter_index))
    visualized_feature.append(input_img.numpy())

# %% plot
figure, grid = plt.subplots(8, 8, figsize=(12, 12.5), subplot_kw={"xticks": [], "yticks": []})

for number, (cell, picture) in enumerate(zip(grid.ravel(), visualized_feature)):
    cell.imshow(deprocess_image(picture.copy())[0], cmap="gray")
    cell.set_title("feature %d" % number, fontsize=9)

plt.show()
