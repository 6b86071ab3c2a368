# All right in the end. Two experiments were left in the notebook, in cells of their own before the ascent:
# one under other names that goes downhill, one with the names of the exercise that forgets to normalise and
# always takes filter 0. The later cell begins anew and does it as asked; that is what counts.
#
# /// label
#
# [cells]
# insert = {test_one = "normalize", test_two = "test_one"}
# ///

# %% cnn
model = keras.Sequential([layers.Input(shape=(28, 28, 1))])
model.add(layers.Conv2D(8, 3, padding="same", activation="relu", name="conv2d"))
model.add(layers.Conv2D(8, 3, strides=2, padding="same", activation="relu", name="conv2d_1"))
model.add(layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_2"))
model.add(layers.Conv2D(32, 3, padding="same", activation="relu", name="conv2d_3"))
model.add(layers.MaxPooling2D())
model.add(layers.Flatten())
model.add(layers.Dense(10, activation="softmax"))

# %% train
model.compile(optimizer=keras.optimizers.Adam(2e-3), loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=4, batch_size=32, verbose=2)

# %% test_one
# does it work for a single filter? no, the loss goes to zero...
test_model = keras.Model(model.inputs, model.get_layer("conv2d_3").output)
test_image = tf.Variable(tf.random.uniform((1, 28, 28, 1)))
for step in range(20):
    with tf.GradientTape() as tape:
        test_loss = tf.reduce_mean(test_model(test_image)[..., 3])
    test_image.assign_sub(normalize(tape.gradient(test_loss, test_image)))
    print(step, float(test_loss))
plt.imshow(test_image.numpy()[0, :, :, 0], cmap="gray")
plt.show()

# %% test_two
# second attempt: all filters (but the images look like noise and all the same?)
visualized_feature = []
for filter_index in range(32):
    input_img = tf.Variable(tf.random.uniform((1, 28, 28, 1)))
    for update in range(10):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(test_model(input_img)[..., 0])
        input_img.assign_add(step_size * tape.gradient(loss, input_img))
    visualized_feature.append(input_img.numpy())

plt.figure(figsize=(8, 4))
for i in range(32):
    plt.subplot(4, 8, i + 1)
    plt.imshow(visualized_feature[i][0, :, :, 0], cmap="gray")
    plt.axis("off")
plt.show()

# %% ascent
# third attempt, now with normalize and the right filter
layer_name = "conv2d_3"
number_of_filters = 32
visualized_feature = []

sub_model = keras.Model(model.inputs, model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    input_img = tf.Variable(tf.random.uniform((1, 28, 28, 1)))
    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(sub_model(input_img)[..., filter_index])
        grads = normalize(tape.gradient(loss, input_img))
        input_img.assign_add(step_size * grads)
    visualized_feature.append(input_img.numpy())
    print(filter_index, float(loss))

# %% plot
figure = plt.figure(figsize=(12, 7))
for i in range(number_of_filters):
    plt.subplot(4, 8, i + 1)
    plt.imshow(deprocess_image(visualized_feature[i].copy())[0, :, :, 0], cmap="gray")
    plt.title(f"feature {i}")
    plt.axis("off")
plt.show()
